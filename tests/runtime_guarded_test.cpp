// The guard pages that all other suites rely on.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

#include "ricci/function_ref.hpp"
#include "ricci/shape.hpp"
#include "support/guarded.hpp"

using namespace ricci;
using namespace ricci::test;
using Extents = std::vector<std::int64_t>;

namespace {

/// Whether the process dies of a segmentation fault when it runs `action`.
bool faults(FunctionRef<void()> action) {
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGSEGV, SIG_DFL);  // not the handler of the test program
    action();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

void touch(void* address) {
  *static_cast<volatile char*>(address) = 1;
}

}  // namespace

TEST_CASE("one byte after a buffer flush with its end faults, the last byte does not") {
  for (const std::size_t bytes : {1, 12, 4096, 5000}) {
    const GuardedBuffer buffer(bytes, Flush::end);
    std::byte* data = buffer.bytes().data();
    CHECK(faults([&] { touch(data + bytes); }));
    CHECK_FALSE(faults([&] { touch(data + bytes - 1); }));
    CHECK_FALSE(faults([&] { touch(data); }));
  }
}

TEST_CASE("one byte before a buffer flush with its start faults") {
  const GuardedBuffer buffer(5000, Flush::start);
  std::byte* data = buffer.bytes().data();
  CHECK(faults([&] { touch(data - 1); }));
  CHECK_FALSE(faults([&] { touch(data); }));
  CHECK_FALSE(faults([&] { touch(data + 4999); }));
}

TEST_CASE("an empty buffer has no byte to touch") {
  const GuardedBuffer buffer(0);
  CHECK(faults([&] { touch(buffer.bytes().data()); }));
}

TEST_CASE("every pattern of every dtype touches the guard and has its own elements") {
  for (int d = 0; d < dtype_count; ++d)
    for (const Pattern pattern : all_patterns)
      for (const Flush flush : {Flush::end, Flush::start}) {
        const auto dtype = static_cast<DType>(d);
        CAPTURE(d, static_cast<int>(pattern), static_cast<int>(flush));
        const GuardedTensor tensor(dtype, Extents{3, 4, 5}, pattern, flush);
        const OffsetRange range = offset_range(tensor.view().layout);
        const auto size = static_cast<std::int64_t>(size_of(dtype));
        auto* data = static_cast<std::byte*>(tensor.view().data);
        for (std::int64_t n = 0; n < 60; ++n) std::memset(element(tensor.view(), n), 0, size_of(dtype));
        CHECK(tensor.gaps_intact());
        CHECK(reinterpret_cast<std::uintptr_t>(data) % size_of(dtype) == 0);
        if (d == 0)
          CHECK(faults([&] { touch(data + (flush == Flush::end ? range.high * size : range.low * size - 1)); }));
      }
}

TEST_CASE("a write between the elements of a strided view is found") {
  const GuardedTensor tensor(DType::f32, Extents{3, 4}, Pattern::strided);
  CHECK(tensor.gaps_intact());
  static_cast<float*>(tensor.view().data)[1] = 0;
  CHECK_FALSE(tensor.gaps_intact());
}
