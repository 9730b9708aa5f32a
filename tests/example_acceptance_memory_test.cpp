// Acceptance cases 71, 75 and 76: kernels on the disk, arrays of more than 2^31 elements, and layouts.
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>

#include "ricci/prepared.hpp"
#include "ricci/target.hpp"
#include "support/acceptance.hpp"
#include "support/backends.hpp"
#include "support/subprocess.hpp"
#include "support/temporary_folder.hpp"

using namespace ricci;
using namespace ricci::names;
using namespace ricci::test;

namespace {

/// What a process of its own prints that runs the hidden test below with this folder of kernels.
std::string seed_gather_process(const TemporaryFolder& folder, const std::string& more = "") {
  const std::string output = run_hidden_test(
      "RICCI_CACHE_DIR='" + folder.path("kernels") + "' RICCI_CACHE=rw " + more, "acceptance_71_process");
  UNSCOPED_INFO(output);
  const auto begin = output.find('<'), end = output.find('>');
  return end == output.npos ? output : output.substr(begin + 1, end - begin - 1);
}

/// Calls f(path) for every kernel in the folder; gives how many there are.
template <class F>
int each_kernel(const TemporaryFolder& folder, F f) {
  int kernels = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path("kernels")))
    if (entry.path().extension() == ".rko") f(entry.path()), ++kernels;
  return kernels;
}

/// Bytes of the address space that take memory only where they are written.
struct Sparse {
  std::int64_t bytes;
  void* data;
  explicit Sparse(std::int64_t size)
      : bytes(size), data(mmap(nullptr, static_cast<std::size_t>(size), PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {}
  ~Sparse() {
    if (*this) munmap(data, static_cast<std::size_t>(bytes));
  }
  Sparse(const Sparse&) = delete;
  Sparse& operator=(const Sparse&) = delete;
  explicit operator bool() const { return data != MAP_FAILED; }
};

bool has_free_memory(std::int64_t bytes) {
  return sysconf(_SC_AVPHYS_PAGES) >= bytes / sysconf(_SC_PAGESIZE);
}

constexpr std::int64_t large = (std::int64_t{1} << 31) + 4099;

/// A way to lay out a tensor of 4 axes: a copy of the values in memory of its own.
struct Layout4 {
  const char* name;
  Tensor<float, 4> (*make)(const Tensor<float, 4>& values);
};

Tensor<float, 4> copied(Tensor<float, 4> into, const Tensor<float, 4>& values) {
  into[ellipsis] = values;
  return into;
}

using Shape = std::vector<std::int64_t>;
Shape extents_of(const Tensor<float, 4>& t) { return {t.extents().begin(), t.extents().end()}; }

const Layout4 layouts[] = {
    {"row-major", [](const auto& v) { return v.copy(); }},
    {"first axis fastest",
     [](const auto& v) {
       Shape e = extents_of(v);
       std::ranges::reverse(e);
       return copied(Tensor<float, 4>(e).permuted({3, 2, 1, 0}), v);
     }},
    {"channels last",
     [](const auto& v) {
       const Shape e = extents_of(v);
       return copied(Tensor<float, 4>(Shape{e[0], e[2], e[3], e[1]}).permuted({0, 3, 1, 2}), v);
     }},
    {"backwards along every axis",
     [](const auto& v) {
       Tensor<float, 4> t(extents_of(v));
       const auto e = extents_of(v);
       for (int axis = 0; axis < 4; ++axis)
         if (e[static_cast<std::size_t>(axis)] > 0)
           t = t.sliced(axis, e[static_cast<std::size_t>(axis)] - 1, -e[static_cast<std::size_t>(axis)] - 1, -1);
       return copied(t, v);
     }},
    {"padded rows",
     [](const auto& v) {
       Shape e = extents_of(v);
       const std::int64_t width = e[3];
       e[3] += 5;
       return copied(Tensor<float, 4>(e).sliced(3, 2, 2 + width), v);
     }},
    {"every third element",
     [](const auto& v) {
       Shape e = extents_of(v);
       e[3] *= 3;
       return copied(Tensor<float, 4>(e).sliced(3, 0, e[3], 3), v);
     }},
    {"a base between two vectors", [](const auto& v) {
       static std::vector<std::vector<float>> memory;
       const Shape e = extents_of(v);
       float* data = memory.emplace_back(static_cast<std::size_t>(v.size()) + 1).data() + 1;
       return copied(Tensor<float, 4>::view(data, {e[0], e[1], e[2], e[3]}), v);
     }}};

}  // namespace

TEST_CASE("case 71: disk cache, a process of its own", "[.acceptance_71_process]") {
  const auto S = filled<float>(shuffled(11), 3, 7, 5, 33);
  const auto picked = evaluate(S[b, argmax(S, 1), h, w]);
  const bool right = difference(picked, direct<float>({3, 5, 33}, [&](int b, int h, int w) {
                                  return S.at(b, first_largest(7, [&](int c) { return S.at(b, c, h, w); }), h, w);
                                })) == "";
  std::cout << '<' << (right ? "right" : "wrong") << " compiled " << cache_counters().compiled << '>' << std::endl;
}

TEST_CASE("case 71: disk cache", "[acceptance]") {
  const TemporaryFolder folder;
  CHECK(seed_gather_process(folder) == "right compiled 1");
  CHECK(seed_gather_process(folder) == "right compiled 0");
  // Of another machine.
  CHECK(seed_gather_process(folder, "RICCI_VECTOR_BYTES=16") == "right compiled 1");
  CHECK(seed_gather_process(folder) == "right compiled 0");

  CHECK(each_kernel(folder, [](const auto& path) {
          std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
          file.seekg(1000);
          const char flipped = static_cast<char>(file.peek() ^ 1);
          file.seekp(1000);
          file.put(flipped);
        }) == 2);
  CHECK(seed_gather_process(folder) == "right compiled 1");
  CHECK(seed_gather_process(folder) == "right compiled 0");
  each_kernel(folder,
              [](const auto& path) { std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2); });
  CHECK(seed_gather_process(folder) == "right compiled 1");
  CHECK(seed_gather_process(folder) == "right compiled 0");

  const TemporaryFolder shared;
  std::vector<std::future<std::string>> writers;
  for (int n = 0; n < 3; ++n)
    writers.push_back(std::async(std::launch::async, [&] {
      return run_hidden_test("RICCI_CACHE_DIR='" + shared.path("kernels") + "' RICCI_CACHE=rw",
                             "acceptance_71_process");
    }));
  for (auto& writer : writers) CHECK_THAT(writer.get(), Catch::Matchers::Contains("<right compiled"));
  CHECK(seed_gather_process(shared) == "right compiled 0");
}

TEST_CASE("case 75: large, lanes have offsets of 32 bits only where all elements are within their reach",
          "[acceptance]") {
  // Views without memory: a dump reads no elements.
  auto* const nowhere = reinterpret_cast<std::int8_t*>(std::uintptr_t{1} << 40);
  const auto loops = [&](std::int64_t rows, std::int64_t columns) {
    const auto x = Tensor<std::int8_t, 2>::view(nowhere, {rows, columns});
    const auto at = Tensor<std::int64_t, 1>::view(reinterpret_cast<std::int64_t*>(nowhere), {rows});
    Tensor<std::int8_t, 1> out(rows);
    const Prepared p = prepared(out[i], Assign::set, x[i, at[i]]);
    return p.executable->dump(Executable::Stage::loops, p.tensors, p.params);
  };
  const auto short_lanes = Catch::Matchers::Contains(": i32x"), long_lanes = Catch::Matchers::Contains(": i64x");
  CHECK_THAT(loops(1 << 15, 1 << 15), short_lanes);
  CHECK_THAT(loops(1 << 16, 1 << 15), short_lanes);  // the last element has offset 2^31 - 1
  CHECK_THAT(loops((1 << 16) + 1, 1 << 15), long_lanes && !short_lanes);
}

TEST_CASE("case 75: large", "[acceptance][slow]") {
  const Sparse memory(large);
  if (!memory || !has_free_memory(std::int64_t{1} << 29)) {
    WARN("too little free memory: not run");
    return;
  }
  auto* const data = static_cast<std::int8_t*>(memory.data);
  auto x = Tensor<std::int8_t, 1>::view(data, {large});
  constexpr std::int64_t far = (std::int64_t{1} << 31) + 77;
  data[3] = 4;
  data[far] = 9;
  data[far + 1] = 9;
  data[large - 1] = -5;
  // One axis of more elements than 32 bits count.
  CHECK(evaluate(argmax(i, x[i])).at() == far);
  CHECK(evaluate(argmin(i, x[i])).at() == large - 1);
  CHECK(evaluate(sum(i, x[i])).at() == 4 + 9 + 9 - 5);
  CHECK(evaluate(count(i, x[i] != 0)).at() == 4);
  CHECK(difference(Tensor(nonzero(i, x[i] > 4)), Tensor<std::int64_t, 1>{far, far + 1}) == "");

  // Subscripts beyond 2^31, to read and to write.
  const Tensor<std::int64_t, 1> at{far, 3, large - 1, far + 1, far};
  CHECK(difference(Tensor(x[at[i]]), Tensor<std::int8_t, 1>{9, 4, -5, 9, 9}) == "");
  x[at[i]] += 1;
  CHECK(difference(Tensor(x[at[i]]), Tensor<std::int8_t, 1>{11, 5, -4, 10, 11}) == "");
  const Tensor<std::int64_t, 1> beyond{large};
  CHECK(fault_of([&] { evaluate(x[beyond[i]]); }) == "subscript " + std::to_string(large) +
                                                         " is outside axis 0 of t1 (extent " + std::to_string(large) +
                                                         ") at i=0");
  // Few elements far from each other: every offset is a product of 64 bits.
  const auto apart = Tensor<std::int8_t, 2>::view(data + 3, {2, 2}, {far - 3, 1});
  CHECK(difference(Tensor(apart[i, j]), Tensor<std::int8_t, 2>{{5, 0}, {11, 10}}) == "");
  const auto back = Tensor<std::int8_t, 2>::view(data + far, {2, 3}, {3 - far, 1});
  CHECK(difference(Tensor(sum(j, back[i, j])), Tensor<std::int64_t, 1>{21, 5}) == "");

  // 2^32 iterations over one row that every row is.
  constexpr int side = 1 << 16;
  for (int n = 0; n < side; ++n) data[n] = static_cast<std::int8_t>(n % 251 == 250);
  const auto repeated = Tensor<std::int8_t, 2>::view(data, {side, side}, {0, 1});
  CHECK(evaluate(sum(i, j, repeated[i, j])).at() == std::int64_t{side} * (side / 251));
  CHECK(evaluate(argmax(i, j, repeated[i, j] + cast<std::int8_t>(i == side - 1))).at() ==
        std::int64_t{side} * (side - 1) + 250);
}

TEST_CASE("case 76: layouts", "[acceptance]") {
  // Sizes of whole vectors and of tails, with axes of one element and of none.
  const Shape shapes[] = {{2, 5, 3, 17}, {2, 7, 4, 16}, {1, 5, 1, 33}, {3, 1, 4, 1}, {2, 3, 0, 5}, {2, 4, 3, 1}};
  for (const Shape& e : shapes) {
    Tensor<float, 4> values(e), other(e);
    for (std::int64_t n = 0; n < values.size(); ++n) {
      values.data()[n] = static_cast<float>(shuffled(11)(n));
      other.data()[n] = static_cast<float>(shuffled(101, 13)(n));
    }
    const Tensor<float, 3> gathered = other[b, argmax(values, 1), h, w], sums = sum(values, 3);
    const Tensor<float, 4> mixed = values[b, c, h, w] * 2 - other[b, c, h, w];
    for (const Layout4& first : layouts)
      for (const Layout4& second : layouts) {
        CAPTURE(first.name, second.name, e);
        const auto S = first.make(values), F = second.make(other);
        CHECK(difference(Tensor(F[b, argmax(S, 1), h, w]), gathered) == "");
        CHECK(difference(Tensor(sum(S, 3)), sums) == "");
        auto out = first.make(Tensor<float, 4>(e));  // a target that is laid out so
        out[b, c, h, w] = S[b, c, h, w] * 2 - F[b, c, h, w];
        CHECK(difference(out, mixed) == "");
        CHECK(last_report().temporary_bytes == 0);
      }
  }
}

TEST_CASE("case 76: layouts, what lies between the elements stays", "[acceptance]") {
  for (const std::int64_t n : {1, 15, 16, 17, 33, 70})
    for (const std::int64_t stride : {2, 3, -2}) {
      CAPTURE(n, stride);
      const auto x = filled<float>(shuffled(11), n);
      std::vector<float> memory(static_cast<std::size_t>(n * 3 + 8), -7);
      auto out = Tensor<float, 1>::view(memory.data() + (stride < 0 ? 2 * n : 1), {n}, {stride});
      out[i] = x[i] + 1;
      std::vector<float> expected(memory.size(), -7);
      for (std::int64_t k = 0; k < n; ++k)
        expected[static_cast<std::size_t>((stride < 0 ? 2 * n : 1) + k * stride)] = x.at(k) + 1;
      CHECK(memory == expected);
    }
}
