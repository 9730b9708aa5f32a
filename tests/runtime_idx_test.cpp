#include <zlib.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

#include "ricci/error.hpp"
#include "ricci/file.hpp"
#include "ricci/idx.hpp"
#include "support/temporary_folder.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace std::string_literals;
using Extents = std::vector<std::int64_t>;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

const std::string fashion = "/usr/share/datasets/fashion-mnist/";

std::string gzip(const TemporaryFolder& folder, const std::string& contents) {
  const std::string path = folder.path("compressed.gz");
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, contents.data(), static_cast<unsigned>(contents.size()));
  gzclose(file);
  return read_text(path);
}

/// Two big-endian i16 rows: (1, -2, 256), (3, 4, 5).
const std::string small = "\0\0\x0b\x02\0\0\0\x02\0\0\0\x03\0\1\xff\xfe\1\0\0\3\0\4\0\5"s;

std::string rejection(const std::string& path) {
  try {
    load_idx(path);
  } catch (const Error& error) {
    CHECK(error.kind() == Error::Kind::file);
    CHECK_THAT(error.what(), StartsWith(path + ": "));
    return error.what();
  }
  return "accepted";
}

template <class T>
std::vector<T> values(const Array& array) {
  const auto* first = static_cast<const T*>(array.data());
  return {first, first + array.size()};
}

}  // namespace

TEST_CASE("the labels and images of Fashion-MNIST are read") {
  const Array labels = load_idx(fashion + "t10k-labels-idx1-ubyte.gz");
  CHECK(labels.layout() == row_major(DType::u8, Extents{10000}));
  std::vector<int> counts(10);
  for (const std::uint8_t label : values<std::uint8_t>(labels)) ++counts.at(label);
  CHECK(counts == std::vector<int>(10, 1000));
  const Array images = load_idx(fashion + "t10k-images-idx3-ubyte.gz");
  CHECK(images.layout() == row_major(DType::u8, Extents{10000, 28, 28}));
}

TEST_CASE("big-endian elements become native ones, plain and compressed") {
  const TemporaryFolder folder;
  for (const std::string& contents : {small, gzip(folder, small)}) {
    const Array array = load_idx(folder.write("small.idx", contents));
    CHECK(array.layout() == row_major(DType::i16, Extents{2, 3}));
    CHECK(values<std::int16_t>(array) == std::vector<std::int16_t>{1, -2, 256, 3, 4, 5});
  }
  CHECK(values<std::int32_t>(load_idx(folder.write("i32", "\0\0\x0c\0\xff\xff\xff\xfe"s))) ==
        std::vector<std::int32_t>{-2});
  CHECK(values<float>(load_idx(folder.write("f32", "\0\0\x0d\0\x3f\x80\0\0"s))) == std::vector<float>{1});
  CHECK(values<double>(load_idx(folder.write("f64", "\0\0\x0e\0\xbf\xf0\0\0\0\0\0\0"s))) == std::vector<double>{-1});
  CHECK(values<std::int8_t>(load_idx(folder.write("i8", "\0\0\x09\1\0\0\0\2\xff\1"s))) ==
        std::vector<std::int8_t>{-1, 1});
}

TEST_CASE("an IDX file may be empty") {
  const TemporaryFolder folder;
  const std::string path = folder.write("empty.idx", "\0\0\x08\2\0\x0f\0\0\0\0\0\0"s);
  CHECK(load_idx(path).layout() == row_major(DType::u8, Extents{15 << 16, 0}));
}

TEST_CASE("every prefix of an IDX file is refused, plain and compressed, and so is a longer file") {
  const TemporaryFolder folder;
  for (const std::string& contents : {small, gzip(folder, small)}) {
    for (std::size_t n = 0; n < contents.size(); ++n) {
      CAPTURE(n);
      CHECK(rejection(folder.write("cut.idx", contents.substr(0, n))) != "accepted");
    }
    CHECK(rejection(folder.write("whole.idx", contents)) == "accepted");
  }
  CHECK_THAT(rejection(folder.write("long.idx", small + '\0')), Contains("more than the expected 12 bytes"));
  CHECK_THAT(rejection(folder.write("long.gz", gzip(folder, small + '\0'))), Contains("more than the expected 12"));
}

TEST_CASE("damaged compressed data is found by its checksum") {
  const TemporaryFolder folder;
  std::string contents = read_text(fashion + "t10k-labels-idx1-ubyte.gz");
  contents[contents.size() / 2] ^= 0x10;
  CHECK_THAT(rejection(folder.write("damaged.gz", contents)), Contains("damaged"));
  contents = gzip(folder, small);
  contents[contents.size() - 8] ^= 1;  // the stored sum itself
  CHECK_THAT(rejection(folder.write("sum.gz", contents)), Contains("damaged"));
}

TEST_CASE("IDX headers with impossible contents are refused") {
  const TemporaryFolder folder;
  const auto says = [&](std::string contents) { return rejection(folder.write("bad.idx", contents)); };
  CHECK_THAT(says(""), Contains("magic number"));
  CHECK_THAT(says("\x93NUMPY\1\0"s), Contains("starts with the bytes 147 and 78"));
  CHECK_THAT(says("\0\0\x0a\1\0\0\0\0"s), Contains("element type is 10"));
  CHECK_THAT(says("\0\0\x08\x09"s + std::string(40, '\0')), Contains("9 axes, expected at most 8"));
  CHECK_THAT(says("\0\0\x08\2\0\0\0\1"s), Contains("within its 2 extents"));
  CHECK_THAT(says("\0\0\x08\1\xff\xff\xff\xff"s), Contains("too short for shape (4294967295,)"));
  CHECK_THAT(says("\0\0\x08\3"s + std::string(12, '\xff')), Contains("larger than 2^62 bytes"));
  CHECK_THAT(says(gzip(folder, "\0\0\x08\1\xff\xff\xff\xff"s)), Contains("too short for shape (4294967295,)"));
  CHECK_THAT(rejection(folder.path("")), Contains("not a regular file"));
  CHECK_THAT(rejection(folder.path("absent")), Contains("No such file"));
}
