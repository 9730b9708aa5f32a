#pragma once
// A workload: an index expression and a kernel written by hand for the same work on the same data.
#include <time.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hand/hand.hpp"
#include "ricci/ricci.hpp"

namespace ricci::bench {

/// A workload with its data. Both ways write outputs of their own, allocated beforehand unless the workload is about
/// allocation.
struct Case {
  double bytes = 0;                          // compulsory traffic: every input byte needed once, every output byte once
  double rest = 0;                           // seconds without work before each call: threads sleep by then
  std::function<void()> ricci;               // with the threads of default_options()
  std::function<void(int threads)> hand;
  std::function<std::string()> difference;   // of the two outputs, as a sentence; empty when they agree
};

struct Workload {
  std::string name, shape;
  std::function<Case()> make;
};

using Workloads = std::vector<Workload>;
Workloads gather_of_argmax();
Workloads class_statistics();
Workloads softmax();
Workloads nearest_centroid();
Workloads elementwise();
Workloads scatter_add();
Workloads histogram();
Workloads tiny();
Workloads sum_of_all();
Workloads copies();
Workloads matmul();
Workloads embedding_bag();
Workloads grid_sample();
Workloads stencil();
Workloads convolution();
Workloads running_sums();
Workloads compress();
Workloads layer_norm();
Workloads attention();

/// Samples taken in turn, hand, ricci, hand, ricci ..., so that both see the same state of the machine.
struct Measurement {
  double hand_ms = 0, ricci_ms = 0;  // medians of one call
  double ratio = 0;                  // median over the pairs of ricci / hand
  int pairs = 0;
};
Measurement measure(const Case&, int threads);

/// Of CLOCK_MONOTONIC or of the processor time of the calling thread.
double seconds(clockid_t clock);

}  // namespace ricci::bench
