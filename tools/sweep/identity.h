// SPDX-License-Identifier: GPL-2.0-or-later
// What a point's result depends on, as a key: the tool, the command's words, the contents of the
// files that they name, on the host and in the guest's root, and the profiles. What a guest opens
// by itself, shared libraries among it, is not looked at.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/error.h"

namespace uprobesim {

// As keys are stored.
std::string key_text(std::uint64_t key);

class Identity {
public:
    // `tool`: the program itself, any change of which may change a figure. `root`: the guest's.
    Identity(const std::string& tool, std::string root);

    // Of a command with all its words, under these profiles.
    Result<std::string> key(const std::vector<std::string>& words, const std::string& kernel,
                            const std::string& machine);
    // A hash to which the values of a run's point are added.
    static std::uint64_t hash_of(const std::string& key);

private:
    Result<std::uint64_t> profiles(const std::string& kernel, const std::string& machine);
    std::uint64_t word(const std::string& word);
    std::uint64_t file(const std::string& host_path);
    std::uint64_t guest_file(const std::string& path);

    std::string root_;
    std::uint64_t tool_ = 0;
    std::map<std::string, std::uint64_t> words_, files_;
    std::map<std::pair<std::string, std::string>, std::uint64_t> profiles_;
};

}  // namespace uprobesim
