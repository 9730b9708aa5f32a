#include <catch2/catch.hpp>

#include "ricci/kernel_info_text.hpp"

using namespace std::string_literals;

using namespace ricci;

namespace {

/// Every kind and every field with a value that is not its default.
KernelInfo full_info() {
  KernelInfo info;
  for (int kind = 0; kind <= static_cast<int>(Symbol::Kind::pitch); ++kind)
    info.symbols.push_back({static_cast<Symbol::Kind>(kind), {4, 0, 4294967295u}});
  for (int i = 0; i < dtype_count; ++i)
    info.buffers.push_back({std::string("x").append(std::to_string(i)), static_cast<DType>(i), i % 2 == 0, {1, 2}});
  info.phases.push_back({"phase_0", {{1, 2}, {3, -4}}, {5, 6}, {{7, std::int64_t{1} << 60}}, {8}, true});
  info.phases.push_back({"phase 1: (a) [b]\n\0 c"s, {}, {}, {}});
  info.slices = {{1, 2, {3, 4}}};
  info.checks = {"palette[q[b, h, w], c]", "", "7:x"};
  info.proved = 3;
  info.loops = 9;
  return info;
}

}  // namespace

TEST_CASE("kernel info survives the way through text") {
  for (const KernelInfo& info : {KernelInfo{}, full_info()}) {
    const std::string text = to_text(info);
    const auto back = kernel_info_from_text(text);
    REQUIRE(back);
    CHECK(to_text(*back) == text);
  }
  const auto back = kernel_info_from_text(to_text(full_info()));
  CHECK(back->symbols == full_info().symbols);
  CHECK(back->buffers[10].name == "x10");
  CHECK(back->buffers[10].dtype == full_info().buffers[10].dtype);
  CHECK(back->buffers[10].writable);
  CHECK(back->buffers[3].extents == std::vector<std::uint32_t>{1, 2});
  CHECK(back->phases[0].trip[1].divisor == -4);
  CHECK(back->phases[0].items[0].divisor == std::int64_t{1} << 60);
  CHECK(back->phases[0].starts == std::vector<std::uint32_t>{8});
  CHECK(back->phases[0].early);
  CHECK_FALSE(back->phases[1].early);
  CHECK(back->phases[1].name == full_info().phases[1].name);
  CHECK(back->slices[0].end == 2);
  CHECK(back->slices[0].temporaries == std::vector<std::uint32_t>{3, 4});
  CHECK(back->checks == full_info().checks);
  CHECK(back->proved == 3);
  CHECK(back->loops == 9);
}

TEST_CASE("the text of kernel info is what it was") {
  KernelInfo info;
  info.symbols = {{Symbol::Kind::extent, {0, 1}}};
  info.checks = {"a[i]"};
  info.loops = 2;
  CHECK(to_text(info) == "([(0 [0 1 ] ) ] [] [] [] [4:a[i] ] 0 2 )");
}

TEST_CASE("a part of kernel info's text is refused") {
  const std::string text = to_text(full_info());
  for (std::size_t n = 0; n < text.size(); ++n) CHECK_FALSE(kernel_info_from_text(text.substr(0, n)));
  CHECK_FALSE(kernel_info_from_text(text + " "));
}

TEST_CASE("changed kernel info text is refused or means something else") {
  const std::string text = to_text(full_info());
  int accepted = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    for (int c = 0; c < 256; ++c) {
      std::string changed = text;
      changed[i] = static_cast<char>(c);
      if (changed == text) continue;
      if (const auto info = kernel_info_from_text(changed)) {
        ++accepted;
        if (to_text(*info) != changed) FAIL("accepted '" << changed << "'");
      }
    }
  CHECK(accepted > 0);  // another digit is another number
}

TEST_CASE("numbers outside their type, unknown dtypes and other spellings are refused") {
  const auto with_loops = [](const std::string& loops) {
    return kernel_info_from_text(std::string("([] [] [] [] [] 0 ").append(loops).append(" )"));
  };
  CHECK(with_loops("7")->loops == 7);
  CHECK(with_loops("2147483647"));
  CHECK_FALSE(with_loops("2147483648"));
  CHECK_FALSE(with_loops("07"));
  CHECK_FALSE(with_loops("+7"));
  CHECK_FALSE(with_loops(""));
  CHECK_FALSE(kernel_info_from_text("([(8 [] ) ] [] [] [] [] 0 0 )"));         // a kind of symbol
  CHECK_FALSE(kernel_info_from_text("([] [(1:x 11 0 [] ) ] [] [] [] 0 0 )"));  // a dtype
  CHECK_FALSE(kernel_info_from_text("([] [(1:x 1 2 [] ) ] [] [] [] 0 0 )"));   // a truth value
  CHECK_FALSE(kernel_info_from_text("([] [] [] [] [99999999999:a ] 0 0 )"));   // a length
}
