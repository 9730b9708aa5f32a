#include <catch2/catch.hpp>
#include <regex>
#include <thread>

#include "ricci/codegen.hpp"
#include "ricci/object_loader.hpp"
#include "support/flagships.hpp"
#include "support/loop_builder.hpp"

using namespace ricci;
using namespace ricci::test;
using loop::Value;
using Values = std::vector<Value>;

namespace {

/// out[w] = feature[argmax_c scores[c, w], w] over w in [begin, end), four vectors of 16 lanes a step; symbols: 0 the
/// number of c, 1 the stride of c. The last step is masked.
loop::Kernel argmax_gather() {
  LoopBuilder b;
  const loop::BufferId scores = b.buffer(DType::f32), feature = b.buffer(DType::f32), out = b.buffer(DType::f32, true);
  constexpr int lanes = 16, vectors = 4;
  const Value count = b.argument(0), stride = b.argument(1), one = b.constant(std::int64_t{1});
  const Value columns = b.iota(DType::i32, lanes);
  const Value narrow_stride = b.splat(b.compute(Op::cast, DType::i32, {stride}), lanes);
  const auto add = [&](Value x, Value y) { return b.compute(Op::add, DType::i64, {x, y}); };
  const auto step = [&](Value w, bool masked) {
    Values starts, masks, initial;
    for (int v = 0; v < vectors; ++v) {
      starts.push_back(add(w, b.constant(std::int64_t{v * lanes})));
      const Value left = b.compute(Op::subtract, DType::i64, {b.end, starts[v]});
      masks.push_back(masked ? b.lane_mask(left, lanes) : loop::none);
      initial.push_back(b.load(scores, starts[v], lanes, masks[v]));
    }
    for (int v = 0; v < vectors; ++v) initial.push_back(b.constant(std::int32_t{0}, lanes));
    const Values best = b.loop(one, count, 1, initial, [&](Value c, Values state) {
      const Value row = b.compute(Op::multiply, DType::i64, {c, stride});
      const Value index = b.splat(b.compute(Op::cast, DType::i32, {c}), lanes);
      for (int v = 0; v < vectors; ++v) {
        const Value x = b.load(scores, add(row, starts[v]), lanes, masks[v]);
        const Value wins = b.compute(Op::greater, DType::b1, {x, state[v]});
        state[v] = b.compute(Op::select, DType::f32, {wins, x, state[v]});
        state[v + vectors] = b.compute(Op::select, DType::i32, {wins, index, state[v + vectors]});
      }
      return state;
    });
    for (int v = 0; v < vectors; ++v) {
      const Value offsets = b.compute(
          Op::add, DType::i32, {b.compute(Op::multiply, DType::i32, {best[v + vectors], narrow_stride}), columns});
      b.store(out, starts[v], b.gather(feature, starts[v], offsets, masks[v]), masks[v]);
    }
  };
  const Value size = b.compute(Op::subtract, DType::i64, {b.end, b.begin});
  const Value whole = b.compute(Op::floor_divide, DType::i64, {size, b.constant(std::int64_t{lanes * vectors})});
  const Value main_end =
      add(b.begin, b.compute(Op::multiply, DType::i64, {whole, b.constant(std::int64_t{lanes * vectors})}));
  b.loop(b.begin, main_end, lanes * vectors, {}, [&](Value w, Values) { return step(w, false), Values{}; });
  b.loop(main_end, b.end, lanes * vectors, {}, [&](Value w, Values) { return step(w, true), Values{}; });
  return b.kernel;
}

struct ArgmaxData {
  static constexpr std::int64_t channels = 21, columns = 64 + 37;
  std::vector<float> scores, feature, expected;
  ArgmaxData() : scores(channels * columns), feature(scores.size()), expected(columns) {
    for (std::size_t i = 0; i < scores.size(); ++i) {
      scores[i] = static_cast<float>(i * 7919 % 13);  // with many ties
      feature[i] = static_cast<float>(i);
    }
    for (std::int64_t w = 0; w < columns; ++w) {
      std::int64_t best = 0;
      for (std::int64_t c = 1; c < channels; ++c)
        if (scores[c * columns + w] > scores[best * columns + w]) best = c;
      expected[w] = feature[best * columns + w];
    }
  }
  std::vector<float> run(PhaseFunction phase) {
    std::vector<float> out(columns);
    void* const buffers[] = {scores.data(), feature.data(), out.data()};
    const std::int64_t symbols[] = {channels, columns};
    REQUIRE(call(phase, buffers, symbols, 0, columns) == 0);
    return out;
  }
};

}  // namespace

TEST_CASE("an argmax over a strided axis with a gather and a masked tail runs in every code generation mode") {
  ArgmaxData data;
  for (const CodegenOptions& options : all_codegen_options())
    CHECK(data.run(generate_code(argmax_gather(), options).code.phase(0)) == data.expected);
}

TEST_CASE("vectors of 64 bytes stay whole, and the argmax loop calls nothing") {
  if (host_target().vector_bytes < 64) return;
  const std::string text = assembly_text(argmax_gather(), {host_target(64), true});
  CHECK(std::regex_search(text, std::regex("vcmp\\w+ps\t.*%zmm\\d+, %zmm\\d+, %k")));
  CHECK(std::regex_search(text, std::regex("vgatherdps\t.*%zmm")));
  CHECK_FALSE(std::regex_search(text, std::regex("%ymm")));
  CHECK_FALSE(std::regex_search(text, std::regex("\tcall")));
}

TEST_CASE("no float operation is fused or reassociated") {
  LoopBuilder b;
  const loop::BufferId in = b.buffer(DType::f32), out = b.buffer(DType::f32, true);
  const Value x = b.load(in, b.begin, 4);
  const Value square = b.compute(Op::multiply, DType::f32, {x, x});
  b.store(out, b.begin, b.compute(Op::add, DType::f32, {square, x}));
  CHECK_FALSE(std::regex_search(assembly_text(b.kernel, {host_target(), true}), std::regex("vfn?m(add|sub)")));
  CHECK_FALSE(std::regex_search(llvm_text(b.kernel, {host_target(), true}),
                                std::regex("= f\\w+ (fast|contract|reassoc|nnan|nsz|afn)")));
}

TEST_CASE("objects also load without LLVM") {
  ArgmaxData data;
  for (const CodegenOptions& options : all_codegen_options()) {
    const Compiled compiled = generate_code(argmax_gather(), options);
    const auto loaded = load_object(compiled.object.object);
    REQUIRE(loaded.has_value());
    CHECK(data.run(reinterpret_cast<PhaseFunction>(loaded->symbol("phase"))) == data.expected);
  }
}

TEST_CASE("a kernel has one function per phase") {
  LoopBuilder first, second;
  first.store(first.buffer(DType::i64, true), first.constant(std::int64_t{0}), first.begin);
  second.store(second.buffer(DType::i64, true), second.constant(std::int64_t{0}), second.end);
  loop::Kernel kernel = first.kernel;
  kernel.info.phases = {{"one", {}, {}, {}}, {"two", {}, {}, {}}};
  kernel.phases.push_back(second.kernel.phases[0]);
  const Compiled compiled = generate_code(kernel, {host_target(), true});
  std::int64_t value = 0;
  void* const buffers[] = {&value};
  call(compiled.code.phase(0), buffers, {}, 5, 6);
  CHECK(value == 5);
  call(compiled.code.phase(1), buffers, {}, 5, 6);
  CHECK(value == 6);
}

TEST_CASE("loaded code can be moved, and kernels of the same name live side by side") {
  const auto kernel_storing = [](std::int64_t value) {
    LoopBuilder b;
    b.store(b.buffer(DType::i64, true), b.begin, b.constant(value));
    return b.kernel;
  };
  LoadedCode a = generate_code(kernel_storing(1), {host_target(), true}).code;
  LoadedCode b = generate_code(kernel_storing(2), {host_target(), true}).code;
  const LoadedCode c = std::move(a);
  a = std::move(b);
  std::int64_t value = 0;
  void* const buffers[] = {&value};
  call(c.phase(0), buffers, {}, 0, 1);
  CHECK(value == 1);
  call(a.phase(0), buffers, {}, 0, 1);
  CHECK(value == 2);
}

TEST_CASE("threads compile at the same time") {
  ArgmaxData data;
  std::vector<std::vector<float>> results(4);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < results.size(); ++t)
    threads.emplace_back([&, t] {
      for (const CodegenOptions& options : all_codegen_options()) {
        const Compiled compiled = generate_code(argmax_gather(), options);
        results[t].resize(ArgmaxData::columns);
        void* const buffers[] = {data.scores.data(), data.feature.data(), results[t].data()};
        const std::int64_t symbols[] = {ArgmaxData::channels, ArgmaxData::columns};
        call(compiled.code.phase(0), buffers, symbols, 0, ArgmaxData::columns);
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (const auto& result : results) CHECK(result == data.expected);
}

TEST_CASE("what a thread has compiled before does not show in an object") {
  std::vector<loop::Kernel> kernels;
  for (const Flagship& f : flagships())
    kernels.push_back(loop::parse(session_without_memory(f).dump(Executable::Stage::loops, f.text)));
  using Objects = std::vector<std::vector<std::byte>>;
  Objects one_by_one, each_alone;
  const auto compile = [&](const loop::Kernel& kernel, Objects& objects) {
    objects.push_back(generate_code(kernel, {host_target(), true}).object.object);
  };
  std::thread([&] {
    for (const loop::Kernel& kernel : kernels) compile(kernel, one_by_one);
    compile(kernels[0], one_by_one);
  }).join();
  for (const loop::Kernel& kernel : kernels) std::thread([&] { compile(kernel, each_alone); }).join();
  each_alone.push_back(each_alone[0]);
  CHECK((one_by_one == each_alone));
}
