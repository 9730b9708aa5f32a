#pragma once
// Nearest class mean on Fashion-MNIST (Xiao, Rasul, Vollgraf 2017): 70,000 pictures of clothes, 28 by 28, ten classes.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "ricci/compile.hpp"
#include "ricci/idx.hpp"
#include "ricci/ricci.hpp"

namespace example {

using namespace ricci;

inline constexpr int classes = 10;
inline constexpr const char* class_names[classes] = {"T-shirt", "Trouser", "Pullover", "Dress",   "Coat",
                                                     "Sandal",  "Shirt",   "Sneaker",  "Bag",     "Boot"};

/// Images (n, y, x) in shades of grey and the class of each, label (n).
struct LabelledImages {
  Tensor<std::uint8_t, 3> image;
  Tensor<std::uint8_t, 1> label;
};

struct Fashion {
  LabelledImages train, test;
};

/// Reads the four files of the data set. Throws Error{file}.
inline Fashion load_fashion(const std::string& folder) {
  const auto load = [&](const std::string& set) {
    return LabelledImages{Tensor<std::uint8_t, 3>(load_idx(folder + "/" + set + "-images-idx3-ubyte.gz")),
                          Tensor<std::uint8_t, 1>(load_idx(folder + "/" + set + "-labels-idx1-ubyte.gz"))};
  };
  return {load("train"), load("t10k")};
}

/// A statement, named after what it makes, and what running it took.
struct Step {
  std::string name, statement;
  Report report;
};

struct Classification {
  Tensor<float, 3> mean;              // (k, y, x): the mean training image of each class
  Tensor<std::int64_t, 1> pred;       // (n): the class whose mean is nearest to test image n
  Tensor<std::int64_t, 2> confusion;  // (true class, predicted class): test images
  Tensor<float, 1> margin;            // (n): see classify()
  Tensor<float, 1> confidence;        // (k): mean margin of the test images predicted as k
  double accuracy = 0;
  std::vector<Step> steps;
};

/// Learns one mean image per class and gives every test image the class of the nearest mean. How sure that is, the
/// margin tells: 1 - d1 / d2 with the squared distances to the nearest and to the second nearest mean. It is 0 for an
/// image halfway between two classes and 1 for one that is a class mean (the ratio test of Lowe, IJCV 2004).
inline Classification classify(const Fashion& fashion) {
  auto [n, y, x, k] = indices<"n y x k">;
  Classification result;
  const auto note = [&](const std::string& statement) {
    result.steps.push_back({statement.substr(0, statement.find_first_of(" [")), statement, last_report()});
  };
  const std::int64_t height = fashion.train.image.extent(1), width = fashion.train.image.extent(2);

  // Sums of whole numbers below 2^24: exact in float.
  Tensor<float, 3> total(classes, height, width);
  Tensor<float, 1> count(classes);
  {
    const auto& [image, label] = fashion.train;
    total[label[n], y, x] += image[n, y, x];
    note("total[label[n], y, x] += image[n, y, x]");
    count[label[n]] += 1;
    note("count[label[n]] += 1");
  }
  result.mean = total[k, y, x] / count[k];
  note("mean = total[k, y, x] / count[k]");

  const auto& [image, label] = fashion.test;
  const auto& mean = result.mean;
  auto& pred = result.pred;
  pred = argmin(k, sum(y, x, sq(image[n, y, x] - mean[k, y, x])));
  note("pred = argmin(k, sum(y, x, sq(image[n, y, x] - mean[k, y, x])))");

  result.confusion = Tensor<std::int64_t, 2>(classes, classes);
  result.confusion[label[n], pred[n]] += 1;
  note("confusion[label[n], pred[n]] += 1");

  const Tensor<double, 0> accuracy = ricci::mean(n, pred[n] == label[n]);
  result.accuracy = static_cast<double>(accuracy);
  note("accuracy = mean(n, pred[n] == label[n])");

  constexpr float infinity = std::numeric_limits<float>::infinity();
  result.margin = 1 - sum(y, x, sq(image[n, y, x] - mean[pred[n], y, x])) /
                          min(k, where(delta(k, pred[n]), infinity, sum(y, x, sq(image[n, y, x] - mean[k, y, x]))));
  note("margin = 1 - sum(y, x, sq(image[n, y, x] - mean[pred[n], y, x]))\n"
       "           / min(k, where(delta(k, pred[n]), infinity, sum(y, x, sq(image[n, y, x] - mean[k, y, x]))))");

  result.confidence = Tensor<float, 1>(classes);
  result.confidence[k] = sum(n, one_hot(pred[n], k) * result.margin[n]) / sum(n, one_hot(pred[n], k));
  note("confidence[k] = sum(n, one_hot(pred[n], k) * margin[n]) / sum(n, one_hot(pred[n], k))");
  return result;
}

/// Empty if the classification is right, else a sentence about what is not: plain loops in double precision must find
/// every predicted mean to be the nearest (up to rounding), and every image must be in the confusion matrix once.
inline std::string fault_of(const Fashion& fashion, const Classification& result) {
  const auto& [image, label] = fashion.test;
  Tensor<std::int64_t, 2> confusion(classes, classes);
  for (std::int64_t n = 0; n < image.extent(0); ++n) {
    double distance[classes]{};
    for (int k = 0; k < classes; ++k)
      for (std::int64_t y = 0; y < image.extent(1); ++y)
        for (std::int64_t x = 0; x < image.extent(2); ++x) {
          const double difference = image.at(n, y, x) - static_cast<double>(result.mean.at(k, y, x));
          distance[k] += difference * difference;
        }
    if (distance[result.pred.at(n)] > *std::ranges::min_element(distance) * (1 + 1e-5))
      return "the mean of class " + std::to_string(result.pred.at(n)) + " is not the nearest to test image " +
             std::to_string(n);
    ++confusion.at(label.at(n), result.pred.at(n));
  }
  if (!std::equal(confusion.data(), confusion.data() + confusion.size(), result.confusion.data()))
    return "the confusion matrix does not count every image once";
  return "";
}

}  // namespace example
