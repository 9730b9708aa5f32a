#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <numeric>
#include <vector>

#include "ricci/error.hpp"
#include "ricci/file.hpp"
#include "ricci/npy.hpp"
#include "support/guarded.hpp"
#include "support/temporary_folder.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace std::string_literals;
using Extents = std::vector<std::int64_t>;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

const std::string data = RICCI_TEST_DATA "/npy/";

/// A file of version 1.0 or 2.0 with this dictionary (a newline is added) and `bytes` zero bytes of data.
std::string npy(std::string dictionary, std::size_t bytes, char version = 1) {
  dictionary += '\n';
  std::string front = "\x93NUMPY"s + version + '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) front += static_cast<char>(dictionary.size() >> (8 * i) & 255);
  return front + dictionary + std::string(bytes, '\0');
}

std::string with_shape(const std::string& shape, std::size_t bytes = 0) {
  return npy("{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }", bytes);
}

std::string with_descr(const std::string& descr, std::size_t bytes = 0) {
  return npy("{'descr': " + descr + ", 'fortran_order': False, 'shape': (2,), }", bytes);
}

std::string with_order(const std::string& order) {
  return npy("{'descr': '<f4', 'fortran_order': " + order + ", 'shape': (2,), }", 8);
}

const std::string good = with_shape("(2,)", 8);

struct Hostile {
  std::string contents;
  std::string says;  // a part of the sentence
};

const Hostile hostile[] = {
    // not a .npy file, or cut off
    {"", "the file is empty"},
    {"\x93NUM", "starts with"},
    {"PK\3\4 an archive", "starts with \"PK??"},
    {"\x93NUMPZ" + good.substr(6), "starts with"},
    {good.substr(0, 6), "first 10 bytes"},
    {good.substr(0, 9), "first 10 bytes"},
    {"\x93NUMPY\2\0\1\0"s, "first 12 bytes"},
    {good.substr(0, 10), "header has"},
    {good.substr(0, 40), "a file that contains its header"},
    {good.substr(0, good.size() - 1), "has 7 bytes of data, expected 8"},
    {good.substr(0, good.size() - 8), "has 0 bytes of data, expected 8"},
    {good + '\0', "has 9 bytes of data, expected 8"},
    {good + good, "bytes of data, expected 8"},
    // version and header length
    {"\x93NUMPY\0\0"s + good.substr(8), "version is 0.0"},
    {"\x93NUMPY\1\1"s + good.substr(8), "version is 1.1"},
    {"\x93NUMPY\4\0"s + good.substr(8), "version is 4.0"},
    {"\x93NUMPY\2\0\xff\xff\xff\xff"s, "4294967295 bytes, expected at most 65536"},
    {"\x93NUMPY\2\0\1\0\1\0"s + std::string(70000, ' '), "65537 bytes, expected at most 65536"},
    {"\x93NUMPY\1\0\xff\xff"s, "65535 bytes but the file only 10"},
    {"\x93NUMPY\1\0\0\0"s, "its end at character 0"},
    // keys
    {npy("{}", 0), "no key \"descr\""},
    {npy("{'fortran_order': False, 'shape': (2,)}", 8), "no key \"descr\""},
    {npy("{'descr': '<f4', 'shape': (2,)}", 8), "no key \"fortran_order\""},
    {npy("{'descr': '<f4', 'fortran_order': False}", 8), "no key \"shape\""},
    {npy("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", 8), "\"descr\" twice"},
    {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'shape': (2,)}", 8), "\"shape\" twice"},
    {npy("{'descr': '<f4', 'fortran_order': False, 'fortran_order': True, 'shape': (2,)}", 8), "twice"},
    {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'extra': 1}", 8), "the key \"extra\""},
    {npy("{'de\\x73cr': '<f4', 'fortran_order': False, 'shape': (2,)}", 8), "the key \"de\\x73cr\""},
    {npy("{descr: '<f4', 'fortran_order': False, 'shape': (2,)}", 8), "expected a quoted key"},
    {npy("{b'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", 8), "expected a quoted key"},
    {npy("{'descr", 0), "expected a closing quote"},
    {npy("{'de\x01\n\xff': 1}", 0), "\"de???\""},
    // the dictionary
    {npy("", 0), "expected the dictionary to start"},
    {npy("['descr', '<f4']", 0), "expected the dictionary to start"},
    {npy("dict(descr='<f4', fortran_order=False, shape=(2,))", 8), "expected the dictionary to start"},
    {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)", 8), "',' or '}'"},
    {npy("{'descr': '<f4' 'fortran_order': False, 'shape': (2,)}", 8), "',' or '}'"},
    {npy("{'descr' '<f4', 'fortran_order': False, 'shape': (2,)}", 8), "':' after"},
    {npy("{, 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", 8), "expected a quoted key"},
    {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} {}", 8), "after '}'"},
    {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}.pop('shape')", 8), "after '}'"},
    {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}\n", 8), "one newline after '}'"},
    {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}" + "\0"s, 8), "after '}'"},
    {npy("{'descr':\t'<f4', 'fortran_order': False, 'shape': (2,)}", 8), "a dtype in quotes"},
    {npy("{" + std::string(60000, '{'), 0), "expected a quoted key"},
    // dtype
    {with_descr("'>f4'", 8), "big-endian"},
    {with_descr("'|O'", 16), "Python objects"},
    {with_descr("'O8'", 16), "Python objects"},
    {with_descr("[('x', '<f4')]", 8), "a structure"},
    {with_descr("('<f4', (2,))", 16), "a structure"},
    {with_descr("'<V4'", 8), "not one of Ricci's"},
    {with_descr("'>f2'", 4), "big-endian"},
    {with_descr("'<f16'", 32), "not one of Ricci's"},
    {with_descr("'<c8'", 16), "not one of Ricci's"},
    {with_descr("'<U4'", 32), "not one of Ricci's"},
    {with_descr("'|V0'"), "not one of Ricci's"},
    {with_descr("'<M8[ns]'", 16), "not one of Ricci's"},
    {with_descr("'|f4'", 8), "not one of Ricci's"},
    {with_descr("'f4'", 8), "not one of Ricci's"},
    {with_descr("'<f'", 8), "not one of Ricci's"},
    {with_descr("''", 8), "not one of Ricci's"},
    {with_descr("float", 8), "a dtype in quotes"},
    {with_descr("'" + std::string(1000, 'x') + "'", 8), "xxx...\""},
    // order
    {with_order("1"), "True or False"},
    {with_order("false"), "True or False"},
    {with_order("None"), "True or False"},
    {with_order("not True"), "True or False"},
    {with_order("False or True"), "',' or '}'"},
    // shape
    {with_shape("(-1,)"), "an extent of 0 or more"},
    {with_shape("(+2,)", 8), "an extent of 0 or more"},
    {with_shape("(2)", 8), "a number in parentheses"},
    {with_shape("2", 8), "a tuple of numbers"},
    {with_shape("[2]", 8), "a tuple of numbers"},
    {with_shape("(2,,)", 8), "an extent of 0 or more"},
    {with_shape("(,)", 4), "an extent of 0 or more"},
    {with_shape("(2 2,)", 16), "',' or ')' in the shape"},
    {with_shape("(2", 8), "an extent of 0 or more"},
    {with_shape("(2L,)", 8), "',' or ')' in the shape"},
    {with_shape("(2.0,)", 8), "',' or ')' in the shape"},
    {with_shape("(0x2,)", 8), "',' or ')' in the shape"},
    {with_shape("(1_0,)", 40), "',' or ')' in the shape"},
    {with_shape("(02,)", 8), "an extent of 0 or more"},
    {with_shape("('2',)", 8), "an extent of 0 or more"},
    {with_shape("(True,)", 4), "an extent of 0 or more"},
    {with_shape("((2,),)", 8), "an extent of 0 or more"},
    {with_shape("(1+1,)", 8), "',' or ')' in the shape"},
    {with_shape("(__import__('os'),)", 8), "an extent of 0 or more"},
    {with_shape("(4611686018427387905,)"), "too large"},
    {with_shape("(18446744073709551618,)", 8), "too large"},
    {with_shape("(" + std::string(5000, '9') + ",)"), "too large"},
    {with_shape("(4611686018427387904,)"), "larger than 2^62 bytes"},
    {with_shape("(2147483648, 2147483648, 4)"), "larger than 2^62 bytes"},
    {with_shape("(4294967296, 4294967296)"), "larger than 2^62 bytes"},
    {with_shape("(0, 4611686018427387904, 16)"), "larger than 2^62 bytes"},
    {with_shape("(1000000000000,)", 8), "has 8 bytes of data, expected 4000000000000"},
    {with_shape("(1, 1, 1, 1, 1, 1, 1, 1, 1)", 4), "more than 8 extents"},
    {with_shape("()"), "has 0 bytes of data, expected 4"},
};

std::string rejection(const std::string& path) {
  try {
    load_npy(path);
  } catch (const Error& error) {
    CHECK(error.kind() == Error::Kind::file);
    return error.what();
  }
  return "accepted";
}

/// The elements of `view` in row-major order, as bytes.
std::string elements(const TensorView& view) {
  std::string out;
  for (std::int64_t n = 0; n < view.layout.size(); ++n)
    out.append(static_cast<const char*>(element(view, n)), size_of(view.layout.dtype));
  return out;
}

/// Bytes that are valid elements of every dtype.
void fill(const TensorView& view) {
  for (std::int64_t n = 0; n < view.layout.size(); ++n)
    for (std::size_t b = 0; b < size_of(view.layout.dtype); ++b)
      static_cast<char*>(element(view, n))[b] =
          static_cast<char>(view.layout.dtype == DType::b1 ? n % 3 == 0 : n * 7 + static_cast<std::int64_t>(b));
}

template <class T>
std::vector<T> values(const Array& array) {
  const std::string bytes = elements(array.view());
  std::vector<T> out(bytes.size() / sizeof(T));
  std::memcpy(out.data(), bytes.data(), bytes.size());
  return out;
}

template <class T>
std::vector<T> counting(std::size_t n) {
  std::vector<T> out(n);
  std::iota(out.begin(), out.end(), T{0});
  return out;
}

}  // namespace

TEST_CASE("every hostile npy file is refused with one sentence that names it") {
  const TemporaryFolder folder;
  for (const Hostile& h : hostile) {
    const std::string path = folder.write("hostile.npy", h.contents);
    INFO(h.contents.substr(0, 100));
    const std::string sentence = rejection(path);
    CHECK_THAT(sentence, StartsWith(path + ": "));
    CHECK_THAT(sentence, Contains(h.says));
    CHECK(sentence.size() < path.size() + 200);
    CHECK(sentence.find('\n') == std::string::npos);
  }
}

TEST_CASE("every prefix of a good npy file is refused and the whole is accepted") {
  const TemporaryFolder folder;
  for (std::size_t n = 0; n < good.size(); ++n)
    CHECK_THAT(rejection(folder.write("cut.npy", good.substr(0, n))), Contains("expected"));
  CHECK(rejection(folder.write("cut.npy", good)) == "accepted");
}

TEST_CASE("changing any byte of the header is refused or gives an array that fits the file") {
  const TemporaryFolder folder;
  for (std::size_t at = 0; at + 8 < good.size(); ++at)
    for (const char c : {'\0', ' ', '(', '1', '9', '}', '\n', '\xff'}) {
      std::string changed = good;
      changed[at] = c;
      const std::string path = folder.write("changed.npy", changed);
      if (const std::string sentence = rejection(path); sentence == "accepted") {
        const Array array = load_npy(path);
        CHECK(static_cast<std::size_t>(array.size()) * size_of(array.dtype()) == 8);
      } else {
        CHECK_THAT(sentence, StartsWith(path + ": "));
      }
    }
}

TEST_CASE("spacing, quotes, key order and trailing commas of the header are free") {
  const TemporaryFolder folder;
  for (const std::string& dictionary : {
           "{'descr':'<f4','fortran_order':False,'shape':(2,)}"s,
           "{ \"shape\" : ( 2 , ) , \"fortran_order\" : False , \"descr\" : \"=f4\" , }   "s,
           "{'fortran_order': True, 'descr': '<f4', 'shape': (1, 2,)}"s,
       }) {
    const Array array = load_npy(folder.write("free.npy", npy(dictionary, 8)));
    CHECK(array.dtype() == DType::f32);
    CHECK(array.size() == 2);
  }
  for (const char* descr : {"'|u1'", "'<u1'", "'=u1'", "'>u1'"})
    CHECK(load_npy(folder.write("byte.npy", with_descr(descr, 2))).dtype() == DType::u8);
  CHECK(load_npy(folder.write("v2.npy", npy("{'descr': '<i2', 'fortran_order': False, 'shape': ()}", 2, 2))).rank() ==
        0);
}

TEST_CASE("files that NumPy wrote are read") {
  const Array f32 = load_npy(data + "f32_3x4.npy");
  CHECK(f32.layout() == row_major(DType::f32, Extents{3, 4}));
  CHECK(values<float>(f32)[11] == 2.75f);
  const Array fortran = load_npy(data + "i16_fortran_2x3x2.npy");
  CHECK(fortran.layout() == Layout{DType::i16, 3, {2, 3, 2}, {1, 2, 6}});
  CHECK(values<std::int16_t>(fortran) == counting<std::int16_t>(12));
  CHECK(values<std::uint8_t>(load_npy(data + "u8_scalar.npy")) == std::vector<std::uint8_t>{7});
  CHECK(load_npy(data + "b1_empty_0x3.npy").layout() == row_major(DType::b1, Extents{0, 3}));
  CHECK(values<std::int64_t>(load_npy(data + "i64_5.npy")) ==
        std::vector<std::int64_t>{-2, -1, 0, 1, std::int64_t{1} << 62});
  const Array f16 = load_npy(data + "f16_5.npy");
  CHECK(f16.dtype() == DType::f16);
  CHECK(values<float16>(f16) == std::vector<float16>{0.1, -2, 65504, 6e-8, -INFINITY});
  const Array bf16 = load_npy(data + "bf16_3.npy");  // of ml_dtypes
  CHECK(bf16.dtype() == DType::bf16);
  CHECK(values<bfloat16>(bf16) == std::vector<bfloat16>{0.1, -2, 1e38});
  for (const char* name : {"f64_version2.npy", "f64_version3.npy"})
    CHECK(values<double>(load_npy(data + name)) == std::vector<double>{0.5, -1.0});
}

TEST_CASE("files that NumPy wrote with other element types are refused") {
  CHECK_THAT(rejection(data + "big_endian.npy"), Contains("big-endian, expected little-endian, \"<i4\""));
  CHECK_THAT(rejection(data + "objects.npy"), Contains("Python objects"));
  CHECK_THAT(rejection(data + "structured.npy"), Contains("a structure"));
}

TEST_CASE("what is saved is loaded again, for every dtype, rank 0 to 5 and every stride pattern") {
  const TemporaryFolder folder;
  const std::string path = folder.path("round.npy");
  const Extents shapes[] = {{}, {7}, {3, 4}, {0, 4}, {2, 3, 4}, {2, 0, 3}, {2, 1, 3, 2}, {1, 2, 2, 1, 3}};
  for (int d = 0; d < dtype_count; ++d)
    for (const Extents& shape : shapes)
      for (const Pattern pattern : all_patterns) {
        CAPTURE(d, shape, static_cast<int>(pattern));
        const GuardedTensor tensor(static_cast<DType>(d), shape, pattern);
        fill(tensor.view());
        save_npy(path, tensor.view());
        const Array array = load_npy(path);
        CHECK(array.layout() == row_major(static_cast<DType>(d), shape));
        CHECK(elements(array.view()) == elements(tensor.view()));
      }
}

TEST_CASE("saved data starts at a multiple of 64 bytes") {
  const TemporaryFolder folder;
  const std::string path = folder.path("aligned.npy");
  for (std::int64_t extent : {0, 1, 10, 1000, 100000}) {
    const Array array = Array::zeros(DType::u8, Extents{extent, 1, 1});
    save_npy(path, array.view());
    CHECK((std::filesystem::file_size(path) - static_cast<std::uintmax_t>(extent)) % 64 == 0);
  }
}

TEST_CASE("a byte other than 0 and 1 is no b1 element") {
  const TemporaryFolder folder;
  std::string contents = npy("{'descr': '|b1', 'fortran_order': False, 'shape': (3,)}", 3);
  contents.back() = 2;
  CHECK_THAT(rejection(folder.write("b1.npy", contents)), Contains("element 2 of this b1 array is the byte 2"));
  contents.back() = 1;
  CHECK(rejection(folder.write("b1.npy", contents)) == "accepted");
}

TEST_CASE("what is no regular file is neither read nor replaced") {
  const TemporaryFolder folder;
  CHECK_THAT(rejection(folder.path("absent.npy")), Contains("No such file"));
  CHECK_THAT(rejection(folder.path("")), Contains("not a regular file"));
  const std::string pipe = folder.path("pipe");
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_THAT(rejection(pipe), Contains("not a regular file"));
  const Array array = Array::zeros(DType::u8, Extents{1});
  CHECK_THROWS_WITH(save_npy(pipe, array.view()), Contains("not a regular file"));
  CHECK(std::filesystem::is_fifo(pipe));
  CHECK_THROWS_WITH(save_npy(folder.path("absent/x.npy"), array.view()), StartsWith(folder.path("absent/x.npy")));
}

TEST_CASE("a failed save leaves the old file and no other") {
  const TemporaryFolder folder;
  const std::string path = folder.write("kept.npy", "old contents");
  CHECK_THROWS_AS(replace_file(path,
                               [](std::FILE* file) {
                                 std::fputs("half of the new", file);
                                 throw Error(Error::Kind::file, "stop");
                               }),
                  Error);
  CHECK(read_text(path) == "old contents");
  // A stream whose file refuses to be written fails when replace_file flushes it.
  CHECK_THROWS_AS(replace_file(path,
                               [](std::FILE* file) {
                                 std::fputs("half of the new", file);
                                 close(fileno(file));
                               }),
                  Error);
  CHECK(read_text(path) == "old contents");
  const std::filesystem::directory_iterator files(folder.path(""));
  CHECK(std::distance(begin(files), end(files)) == 1);
}

TEST_CASE("a save keeps permissions and follows a symbolic link") {
  const TemporaryFolder folder;
  const std::string path = folder.write("real.npy", "old"), link = folder.path("link.npy");
  REQUIRE(chmod(path.c_str(), 0640) == 0);
  std::filesystem::create_symlink("real.npy", link);
  const Array array = Array::zeros(DType::u8, Extents{5});
  save_npy(link, array.view());
  CHECK(std::filesystem::is_symlink(link));
  CHECK(load_npy(path).size() == 5);
  struct stat status;
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0640);
}
