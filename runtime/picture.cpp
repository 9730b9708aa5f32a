#include "ricci/picture.hpp"

#include <png.h>

#include <optional>
#include <vector>

#include "ricci/error.hpp"
#include "ricci/file.hpp"
#include "ricci/runs.hpp"
#include "ricci/shape.hpp"

namespace ricci {
namespace {

struct Colour {
  std::uint8_t red, green, blue;
  bool operator==(const Colour&) const = default;
};

/// The pixels of any view, row after row without gaps.
struct Picture {
  std::int64_t height, width;
  int channels;  // 1 or 3
  std::vector<std::byte> samples;

  Colour at(std::int64_t y, std::int64_t x) const {
    const std::byte* pixel = &samples[static_cast<std::size_t>((y * width + x) * channels)];
    const auto sample = [&](int c) { return std::to_integer<std::uint8_t>(pixel[channels == 1 ? 0 : c]); };
    return {sample(0), sample(1), sample(2)};
  }
};

Picture picture_of(const TensorView& view) {
  const Layout& layout = view.layout;
  const std::string shape = "a picture of shape " + shape_text(extents_of(layout));
  if (layout.dtype != DType::u8)
    throw Error(Error::Kind::dtype, shape + " has dtype " + std::string(to_string(layout.dtype)) + ", expected u8");
  if (layout.rank != 2 && layout.rank != 3)
    throw Error(Error::Kind::rank, shape + ": expected (height, width) or (height, width, 3)");
  if (layout.size() == 0 || (layout.rank == 3 && layout.extents[2] != 3))
    throw Error(Error::Kind::extent, shape + ": expected (height, width) or (height, width, 3) without an extent 0");
  Picture picture{layout.extents[0], layout.extents[1], layout.rank == 3 ? 3 : 1, {}};
  picture.samples.reserve(static_cast<std::size_t>(layout.size()));
  for_each_run(view, [&](std::span<const std::byte> run) {
    picture.samples.insert(picture.samples.end(), run.begin(), run.end());
  });
  return picture;
}

void append_escape(std::string& text, int plane, Colour c) {
  text += "\x1b[" + std::to_string(plane) + ";2;" + std::to_string(c.red) + ';' + std::to_string(c.green) + ';' +
          std::to_string(c.blue) + 'm';
}

/// Two pixels as an upper half block: foreground above, background below. Colours are set when they change.
std::string render_colour(const Picture& picture) {
  std::string text;
  for (std::int64_t y = 0; y < picture.height; y += 2) {
    std::optional<Colour> foreground, background;
    for (std::int64_t x = 0; x < picture.width; ++x) {
      const Colour above = picture.at(y, x);
      if (foreground != above) append_escape(text, 38, *(foreground = above));
      if (y + 1 < picture.height)
        if (const Colour below = picture.at(y + 1, x); background != below)
          append_escape(text, 48, *(background = below));
      text += "\u2580";
    }
    text += "\x1b[0m\n";
  }
  return text;
}

/// Luma of ITU-R BT.601, times 1000.
int luma(Colour c) {
  return 299 * c.red + 587 * c.green + 114 * c.blue;
}

std::string render_plain(const Picture& picture) {
  constexpr std::string_view shades = " .:-=+*#%@";
  std::string text;
  for (std::int64_t y = 0; y < picture.height; y += 2) {
    for (std::int64_t x = 0; x < picture.width; ++x) {
      const int above = luma(picture.at(y, x));
      const int below = y + 1 < picture.height ? luma(picture.at(y + 1, x)) : above;
      text += shades[static_cast<std::size_t>(above + below) * shades.size() / (2 * 255'000 + 1)];
    }
    text += '\n';
  }
  return text;
}

}  // namespace

void save_png(const std::string& path, const TensorView& view) {
  const Picture picture = picture_of(view);
  constexpr std::int64_t largest = PNG_UINT_31_MAX;
  if (picture.height > largest || picture.width * picture.channels > largest)
    throw Error(Error::Kind::limit, path + ": a picture of shape " + shape_text(extents_of(view.layout)) +
                                        " is larger than a PNG file can be");
  replace_file(path, [&](std::FILE* file) {
    // libpng's simplified interface: it reports faults in image.message and never jumps out of our frames.
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = static_cast<png_uint_32>(picture.width);
    image.height = static_cast<png_uint_32>(picture.height);
    image.format = picture.channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    const auto row_stride = static_cast<png_int_32>(picture.width * picture.channels);
    if (!png_image_write_to_stdio(&image, file, 0, picture.samples.data(), row_stride, nullptr))
      throw Error(Error::Kind::file, path + ": cannot write the picture: " + image.message);
  });
}

std::string render_picture(const TensorView& view, TerminalStyle style) {
  const Picture picture = picture_of(view);
  return style == TerminalStyle::colour ? render_colour(picture) : render_plain(picture);
}

}  // namespace ricci
