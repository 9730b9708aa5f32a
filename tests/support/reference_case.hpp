#pragma once
#include <catch2/catch.hpp>

#include "program_builder.hpp"
#include "ricci/compile.hpp"
#include "ricci/error.hpp"

namespace ricci::test {

using Floats = std::vector<float>;
using Ints = std::vector<std::int64_t>;

/// A program together with row-major data for its tensors.
struct Case : ProgramBuilder {
  std::vector<TensorView> views;
  std::vector<Scalar> params;

  template <class T>
  ir::TensorId bind(const std::string& name, std::vector<T>& data, std::vector<std::int64_t> extents) {
    views.push_back({row_major(dtype_of<T>, extents), data.data(), true});
    return tensor(name, dtype_of<T>, static_cast<int>(extents.size()));
  }
  ir::TensorId bind(const std::string& name, std::unique_ptr<bool[]>& data, std::int64_t extent) {
    views.push_back({row_major(DType::b1, std::vector{extent}), data.get(), true});
    return tensor(name, DType::b1, 1);
  }
  void run() { evaluate_reference(program, views, params); }

  /// The message of the Error that the run ends with; its kind must be `kind`.
  std::string error(Error::Kind kind) {
    try {
      run();
    } catch (const Error& e) {
      CHECK(e.kind() == kind);
      return e.what();
    }
    return "no error";
  }
};

}  // namespace ricci::test
