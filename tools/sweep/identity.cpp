// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/identity.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/fnv.h"
#include "sim/base/input_file.h"
#include "sim/base/try.h"
#include "sim/profile/data_files.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tools/simulation/scenario.h"
#include "tools/sysroot/path_in_root.h"

namespace uprobesim {
namespace {

// A change of what is stored for a point, or of how a key is made.
constexpr std::string_view kForm = "uprobesim.sweep/2";

// A file whose content counts. One that this user may not read is the same for the run.
bool is_read(const std::string& path) {
    struct stat status {};
    return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
           static_cast<std::uint64_t>(status.st_size) <= kMaxProgramBytes &&
           access(path.c_str(), R_OK) == 0;
}

// Parts of a text, so that "ab" and "c" differ from "a" and "bc".
std::uint64_t joined(std::uint64_t hash, std::string_view part) {
    return fnv1a64(part, fnv1a64(fmt::format("{}:", part.size()), hash));
}
std::uint64_t joined(std::uint64_t hash, std::uint64_t part) {
    return joined(hash, fmt::format("{:x}", part));
}

}  // namespace

std::string key_text(std::uint64_t key) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text(16, '0');
    for (auto digit = text.rbegin(); digit != text.rend(); ++digit, key >>= 4)
        *digit = kDigits[key & 15];
    return text;
}

Identity::Identity(const std::string& tool, std::string root) : root_(std::move(root)) {
    tool_ = joined(fnv1a64(kForm), file(tool));
}

std::uint64_t Identity::file(const std::string& host_path) {
    if (const auto known = files_.find(host_path); known != files_.end()) return known->second;
    std::uint64_t hash = 0;
    if (is_read(host_path)) {
        const auto text = read_text_file(host_path, {"file", kMaxProgramBytes});
        if (!text) throw HostError(fmt::format("read {}", host_path), text.error().what);
        hash = fnv1a64(*text);
    }
    files_[host_path] = hash;
    return hash;
}

std::uint64_t Identity::guest_file(const std::string& path) {
    if (root_.empty() || !path.starts_with('/')) return 0;
    const auto host = path_in_root(root_, path);
    return host ? file(*host) : 0;
}

// The word may be a file, an option with one ("--set=..."), a probe or a bind with one before its
// colon, or a scenario with programs and probes of its own.
std::uint64_t Identity::word(const std::string& word) {
    if (const auto known = words_.find(word); known != words_.end()) return known->second;
    std::uint64_t hash = fnv1a64(word);
    std::size_t begin = 0;
    for (std::size_t at = 0; at <= word.size(); ++at) {
        if (at != word.size() && word[at] != ':' && word[at] != '=') continue;
        const std::string part = word.substr(begin, at - begin);
        begin = at + 1;
        if (part.find('/') == std::string::npos && part.find('.') == std::string::npos) continue;
        hash = joined(joined(hash, file(part)), guest_file(part));
    }
    words_[word] = hash;  // before a scenario that names itself
    if (is_scenario(word)) {
        if (const auto scenario = load_scenario(word)) {
            for (const ScenarioProcess& process : scenario->processes) {
                for (const std::string& argument : process.arguments)
                    hash = joined(hash, this->word(argument));
            }
            for (const std::string& probe : scenario->probes.words)
                hash = joined(hash, this->word(probe));
        }
        words_[word] = hash;
    }
    return hash;
}

Result<std::uint64_t> Identity::profiles(const std::string& kernel, const std::string& machine) {
    const auto known = profiles_.find({kernel, machine});
    if (known != profiles_.end()) return known->second;
    const auto kernel_profile = TRY(load_kernel_profile(kernel, {}));
    const auto machine_profile = TRY(load_machine_profile(machine, {}));
    std::uint64_t hash = joined(fnv1a64(kernel_profile.text_hash), machine_profile.text_hash);
    if (const auto core = find_data_file("cores", "core", machine_profile.core_file, machine))
        hash = joined(hash, core->text);
    profiles_[{kernel, machine}] = hash;
    return hash;
}

Result<std::string> Identity::key(const std::vector<std::string>& words, const std::string& kernel,
                                  const std::string& machine) {
    std::uint64_t hash = joined(tool_, root_);
    for (const std::string& w : words) hash = joined(joined(hash, w), word(w));
    const auto of_profiles = TRY(profiles(kernel, machine));
    return key_text(joined(hash, of_profiles));
}

std::uint64_t Identity::hash_of(const std::string& key) {
    return joined(fnv1a64(kForm), key);
}

}  // namespace uprobesim
