# SPDX-License-Identifier: GPL-2.0-or-later
# cmake -DROOT=<folder> -DFUNCTION=<name> -DHEADER=<header.h> -DOUTPUT=<file.cpp> [-DPATTERN=<*.toml>] -P embed.cmake:
# every file under ROOT of that name as a string literal, returned by a function that <header.h> declares.
if(NOT DEFINED PATTERN)
  set(PATTERN *.toml)
endif()
file(GLOB_RECURSE FILES RELATIVE ${ROOT} ${ROOT}/${PATTERN})
list(SORT FILES)
set(ROWS "")
set(COUNT 0)
foreach(FILE IN LISTS FILES)
  file(READ "${ROOT}/${FILE}" TEXT)
  # One literal per file, which must not hold the closing delimiter.
  string(APPEND ROWS "    {\"${FILE}\", R\"TOML(${TEXT})TOML\"},\n")
  math(EXPR COUNT "${COUNT} + 1")
endforeach()
file(WRITE "${OUTPUT}" "// Generated from ${PATTERN} by sim/data/embed.cmake.
#include \"${HEADER}\"

#include <array>

namespace uprobesim {
namespace {
constexpr std::array<EmbeddedFile, ${COUNT}> kFiles = {{
${ROWS}}};
}  // namespace

std::span<const EmbeddedFile> ${FUNCTION}() { return kFiles; }

}  // namespace uprobesim
")
