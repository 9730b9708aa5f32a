#pragma once
// Index programs written by hand in tests, with the bookkeeping of axis extents done.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "ricci/ir.hpp"

namespace ricci::test {

struct ProgramBuilder {
  ir::Program program;

  ir::Graph& graph() { return program.graph; }

  ir::TensorId tensor(const std::string& name, DType dtype, int rank) {
    program.tensors.push_back({name, dtype, rank, {}});
    return static_cast<ir::TensorId>(program.tensors.size() - 1);
  }

  /// An index; without `fixed` its extent comes from the subscripts in which it stands bare.
  ir::AxisId axis(const std::string& name, std::int64_t fixed = -1) {
    program.axes.push_back({name, {}, fixed, false});
    return static_cast<ir::AxisId>(program.axes.size() - 1);
  }

  ir::Expr param(const std::string& name, DType dtype) {
    program.params.push_back({name, dtype});
    return ir::param(graph(), static_cast<ir::ParamId>(program.params.size() - 1), dtype);
  }

  ir::Expr index(ir::AxisId id) { return ir::axis(graph(), id); }
  ir::Expr whole(std::int64_t value) { return ir::constant(graph(), value); }
  template <class T>
  ir::Expr value(T v) {
    return ir::constant(graph(), Scalar::of(v));
  }
  ir::Expr op(Op op, std::vector<ir::Expr> args) { return ir::apply(graph(), op, std::move(args)); }
  ir::Expr cast(DType dtype, ir::Expr e) { return ir::cast(graph(), dtype, e); }
  ir::Expr fold(Reduction r, std::vector<ir::AxisId> axes, ir::Expr body) {
    return ir::fold(graph(), r, std::move(axes), body);
  }
  /// delta(k, e) * x, which is a selection.
  ir::Expr where_equal(ir::AxisId k, ir::Expr e, ir::Expr x) {
    return op(Op::select, {op(Op::equal, {index(k), e}), x, ir::constant(graph(), Scalar{x->dtype, 0})});
  }

  ir::Expr at(ir::TensorId tensor, std::vector<ir::Expr> subscripts, ir::Expr guard = nullptr,
              ir::Policy policy = ir::Policy::check) {
    note_sizes(tensor, subscripts);
    return ir::read(graph(), tensor, program.tensors[tensor].dtype, std::move(subscripts), policy, guard);
  }

  /// target[subscripts] = value, or with `update`, over `domain`. Returns the statement for further settings.
  ir::Statement& assign(ir::TensorId target, std::vector<ir::Expr> subscripts, ir::Expr value,
                        std::vector<ir::AxisId> domain, std::optional<Reduction> update = std::nullopt) {
    note_sizes(target, subscripts);
    program.statements.push_back({target, std::move(subscripts), update, value, nullptr, std::move(domain)});
    return program.statements.back();
  }

 private:
  void note_sizes(ir::TensorId tensor, const std::vector<ir::Expr>& subscripts) {
    for (std::uint32_t k = 0; k < subscripts.size(); ++k)
      if (const ir::Axis* bare = subscripts[k]->as<ir::Axis>()) {
        std::vector<ir::TensorAxis>& sizes = program.axes[bare->axis].sizes;
        if (std::find(sizes.begin(), sizes.end(), ir::TensorAxis{tensor, k}) == sizes.end())
          sizes.push_back({tensor, k});
      }
  }
};

}  // namespace ricci::test
