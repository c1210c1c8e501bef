// SPDX-License-Identifier: GPL-2.0-or-later
// What all charts have in common.
#pragma once

#include <cstddef>
#include <string>

namespace uprobesim {

std::string svg_escaped(const std::string& text);
// Distinguishable without colour vision (Okabe and Ito).
const char* svg_colour(std::size_t series);
// The smallest of 1, 2, 5 times a power of ten that needs at most five steps to `most`.
double svg_step(double most);
// The begin of the picture, with its title and the values' unit.
std::string svg_head(double width, double height, double left, const std::string& title,
                     const std::string& unit);
std::string svg_grid_line(double left, double right, double y, double value);
std::string svg_legend(double x, double y, std::size_t series, const std::string& name);

}  // namespace uprobesim
