// SPDX-License-Identifier: GPL-2.0-or-later
// What tests need of the host: a folder of their own, and what a command prints.
#pragma once

#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "sim/base/temp_folder.h"

namespace uprobesim {

class TempFolder {
public:
    const std::string& path() const { return folder_.path(); }
    // Returns the file's path.
    std::string write(const std::string& name, const std::string& text) const {
        std::string file = path() + "/" + name;
        std::ofstream(file, std::ios::binary) << text;
        return file;
    }

private:
    TemporaryFolder folder_ = TemporaryFolder::make("a test's folder");
};

// Its standard output; nothing if it fails.
inline std::string output_of(const std::string& command) {
    std::string text;
    FILE* pipe = popen((command + " 2>/dev/null").c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::array<char, 4096> buffer{};
    for (std::size_t n = 0; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
        text.append(buffer.data(), n);
    return pclose(pipe) == 0 ? text : std::string();
}

}  // namespace uprobesim
