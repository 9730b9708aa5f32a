#include <png.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

#include "ricci/error.hpp"
#include "ricci/file.hpp"
#include "ricci/picture.hpp"
#include "support/guarded.hpp"
#include "support/temporary_folder.hpp"

using namespace ricci;
using namespace ricci::test;
using Extents = std::vector<std::int64_t>;
using Catch::Matchers::StartsWith;

namespace {

struct Decoded {
  unsigned height = 0, width = 0;
  bool colour = false;
  std::vector<std::uint8_t> samples;
};

Decoded decode(const std::string& path) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  REQUIRE(png_image_begin_read_from_file(&image, path.c_str()));
  Decoded out{image.height, image.width, (image.format & PNG_FORMAT_FLAG_COLOR) != 0, {}};
  REQUIRE((image.format & PNG_FORMAT_FLAG_LINEAR) == 0);  // 8 bits
  image.format = out.colour ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  out.samples.resize(PNG_IMAGE_SIZE(image));
  REQUIRE(png_image_finish_read(&image, nullptr, out.samples.data(), 0, nullptr));
  return out;
}

Error::Kind kind_of(const TensorView& picture) {
  try {
    render_picture(picture);
  } catch (const Error& error) {
    return error.kind();
  }
  FAIL("accepted");
  return {};
}

TensorView view(std::vector<std::uint8_t>& samples, const Extents& extents) {
  return {row_major(DType::u8, extents), samples.data(), true};
}

}  // namespace

TEST_CASE("a PNG file has the samples of the view, whatever its strides") {
  const TemporaryFolder folder;
  const std::string path = folder.path("picture.png");
  for (const Extents& extents : {Extents{5, 7}, Extents{5, 7, 3}, Extents{1, 1}})
    for (const Pattern pattern : all_patterns) {
      const GuardedTensor picture(DType::u8, extents, pattern);
      const std::int64_t count = picture.view().layout.size();
      std::vector<std::uint8_t> expected;
      for (std::int64_t n = 0; n < count; ++n) *static_cast<std::uint8_t*>(element(picture.view(), n)) = 37 * n % 256;
      for (std::int64_t n = 0; n < count; ++n)
        expected.push_back(*static_cast<std::uint8_t*>(element(picture.view(), n)));
      save_png(path, picture.view());
      const Decoded decoded = decode(path);
      CHECK(decoded.height == extents[0]);
      CHECK(decoded.width == extents[1]);
      CHECK(decoded.colour == (extents.size() == 3));
      CHECK(decoded.samples == expected);
    }
}

TEST_CASE("a picture that cannot be saved leaves the old file") {
  const TemporaryFolder folder;
  std::vector<std::uint8_t> samples(4);
  CHECK_THROWS_WITH(save_png(folder.path("absent/x.png"), view(samples, {2, 2})),
                    StartsWith(folder.path("absent/x.png")));
  const std::string path = folder.write("old.png", "old");
  CHECK_THROWS_AS(save_png(path, view(samples, {2, 0})), Error);
  CHECK(read_text(path) == "old");
}

TEST_CASE("only u8 arrays of two axes, or of three with 3 samples at the end, are pictures") {
  std::vector<std::uint8_t> samples(64);
  CHECK(kind_of(view(samples, {4})) == Error::Kind::rank);
  CHECK(kind_of(view(samples, {1, 2, 3, 1})) == Error::Kind::rank);
  CHECK(kind_of(view(samples, {2, 2, 4})) == Error::Kind::extent);
  CHECK(kind_of(view(samples, {0, 2})) == Error::Kind::extent);
  CHECK(kind_of({row_major(DType::f32, Extents{2, 2}), samples.data(), true}) == Error::Kind::dtype);
}

TEST_CASE("a terminal picture pairs two rows in one half block") {
  std::vector<std::uint8_t> samples = {1, 2, 3, 4, 5, 6};
  CHECK(render_picture(view(samples, {2, 1, 3})) == "\x1b[38;2;1;2;3m\x1b[48;2;4;5;6m\u2580\x1b[0m\n");
}

TEST_CASE("colours are set only when they change, and an odd last row has no background") {
  std::vector<std::uint8_t> samples = {9, 9, 8, 8, 7, 7};
  CHECK(render_picture(view(samples, {3, 2})) ==
        "\x1b[38;2;9;9;9m\x1b[48;2;8;8;8m\u2580\u2580\x1b[0m\n"
        "\x1b[38;2;7;7;7m\u2580\u2580\x1b[0m\n");
}

TEST_CASE("a plain picture goes from blank to dense") {
  std::vector<std::uint8_t> samples = {0, 255, 0, 0, 255, 255, 128, 128, 255};
  CHECK(render_picture(view(samples, {3, 3}), TerminalStyle::plain) == " @=\n++@\n");
}
