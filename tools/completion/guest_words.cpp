// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/completion/guest_words.h"

#include <filesystem>
#include <optional>
#include <set>
#include <system_error>

#include "probes/target/spec.h"
#include "probes/target/symbol_index.h"
#include "sim/base/input_file.h"
#include "tools/sysroot/path_in_root.h"

namespace uprobesim {
namespace {

// The symbols of a larger program are not worth the wait.
constexpr InputKind kBinary{"program", std::uint64_t{256} << 20};

// Links in the guest are resolved in its root, so each entry is looked up by its guest path.
bool is_guest_folder(const std::string& root, const std::string& path) {
    const auto host = path_in_root(root, path);
    std::error_code error;
    return host && std::filesystem::is_directory(*host, error);
}

// The names in a guest's folder that begin with `start`.
std::set<std::string> names_in(const std::string& root, const std::string& folder,
                               const std::string& start) {
    std::set<std::string> names;
    const auto host = path_in_root(root, folder);
    if (!host) return names;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(*host, error), end; !error && entry != end;
         entry.increment(error)) {
        std::string name = entry->path().filename().string();
        // Hidden files when asked for, as a shell has it.
        if (name.starts_with(start) && (name.front() != '.' || start.starts_with('.')))
            names.insert(std::move(name));
    }
    return names;
}

std::optional<SymbolIndex> index_of(const std::string& root, const std::string& binary) {
    const auto bytes_of = [&](const std::string& path) -> std::optional<std::vector<std::byte>> {
        const auto host = path_in_root(root, path);
        const auto file =
            host ? InputFile::open(*host, kBinary) : tl::make_unexpected(host.error());
        auto bytes = file ? file->bytes() : tl::make_unexpected(file.error());
        if (!bytes) return std::nullopt;
        return std::move(*bytes);
    };
    auto bytes = bytes_of(binary);
    if (!bytes) return std::nullopt;
    auto index = SymbolIndex::build(std::move(*bytes), binary, bytes_of);
    if (!index) return std::nullopt;
    return std::move(*index);
}

std::set<std::string> functions_of(const std::string& root, const std::string& binary) {
    std::set<std::string> names;
    const auto index = index_of(root, binary);
    if (!index) return names;
    for (const Function& function : index->functions()) names.insert(function.name);
    return names;
}

std::set<std::string> notes_of(const std::string& root, const std::string& binary) {
    std::set<std::string> names;
    const auto index = index_of(root, binary);
    if (!index) return names;
    for (const UsdtProbe& probe : index->usdt()) names.insert(probe.provider + ":" + probe.name);
    return names;
}

}  // namespace

Words complete_guest_path(const std::string& root, const std::string& word) {
    if (word.empty()) return {"/"};
    if (root.empty() || word.front() != '/') return {};
    const std::size_t slash = word.rfind('/');
    const std::string folder = word.substr(0, slash + 1);
    Words paths;
    for (const std::string& name : names_in(root, folder, word.substr(slash + 1)))
        paths.push_back(folder + name + (is_guest_folder(root, folder + name) ? "/" : ""));
    return paths;
}

Words complete_probe(const std::string& root, const std::string& word) {
    Words words;
    if (word.find(':') == std::string::npos) {
        for (const char* kind : {"uprobe:", "uretprobe:", "usdt:"}) {
            if (std::string_view(kind).starts_with(word)) words.emplace_back(kind);
        }
        return words;
    }
    const auto spec = unfinished_spec(word);
    if (!spec) return words;
    const std::string typed = word.substr(0, spec->word), start = word.substr(spec->word);
    if (spec->binary.empty()) {
        for (const std::string& path : complete_guest_path(root, start))
            words.push_back(typed + path + (path.ends_with('/') ? "" : ":"));
        return words;
    }
    const bool usdt = spec->kind == ProbeSpec::Kind::Usdt;
    for (const std::string& name : usdt ? notes_of(root, std::string(spec->binary))
                                        : functions_of(root, std::string(spec->binary))) {
        if (name.starts_with(start)) words.push_back(typed + name);
    }
    return words;
}

Words complete_program(const std::string& root, const std::string& word) {
    if (word.find('/') != std::string::npos) return complete_guest_path(root, word);
    std::set<std::string> names;
    for (const char* folder : {"/bin", "/usr/bin"}) names.merge(names_in(root, folder, word));
    return {names.begin(), names.end()};
}

}  // namespace uprobesim
