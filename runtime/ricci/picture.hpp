#pragma once
// Pictures out: files for people, and blocks of colour for terminals.
#include <string>

#include "ricci/tensor_view.hpp"

namespace ricci {

// A picture is a u8 view of shape (height, width): shades of grey, or (height, width, 3): red, green, blue. Any
// strides; no extent may be 0. Otherwise the functions throw Error{dtype}, Error{rank} or Error{extent}.

/// Writes an 8-bit PNG file. A failed save (Error{file}) leaves an existing file as it was.
void save_png(const std::string& path, const TensorView& picture);

enum class TerminalStyle : unsigned char {
  colour,  // two pixels per character: U+2580 in UTF-8, with 24-bit colour escapes
  plain,   // two pixels per character: one of ten ASCII characters from dark to light by their mean
};

/// The picture as lines of text, one per two rows of pixels, each line ended by a newline.
std::string render_picture(const TensorView& picture, TerminalStyle style = TerminalStyle::colour);

}  // namespace ricci
