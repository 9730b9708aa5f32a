#pragma once
// What the driver prints about statements and their values.
#include <string>

#include "ricci/session.hpp"

namespace ricci::driver {

/// "picked : f32[2, 4, 5]  min 0 max 9 mean 4.5  0.02 ms (compiled 7.1 ms)", and below it the values when they are
/// few or the statement is a bare expression. Of m, i = ... every variable has its line.
std::string summary(const Outcome&);

/// One JSON object on one line.
std::string json(const Outcome&);

/// The values in brackets as NumPy prints them: of more than 1000 only the first and last three along each axis.
std::string values(const TensorView&);

/// "f32[2, 4, 5]", "f32" for rank 0.
std::string type_text(const TensorView&);

}  // namespace ricci::driver
