#pragma once
// A file descriptor that closes itself.
#include <unistd.h>

#include <utility>

namespace ricci {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }

  explicit operator bool() const { return number_ >= 0; }
  int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }
  /// Closes now. False when the system says, only here, that what was written is lost.
  bool close() { return ::close(release()) == 0; }

 private:
  int number_;
};

}  // namespace ricci
