// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/list/spec_files.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <set>
#include <vector>

#include "probes/target/path_glob.h"
#include "probes/target/short_name.h"
#include "probes/target/zip_member.h"
#include "sim/base/try.h"

namespace uprobesim {

Result<const ProbedFile*> SpecFiles::file_of(const std::string& path) {
    if (last_ != nullptr && last_->path() == path) return last_.get();
    const auto inner = zip_path(path);
    auto bytes = TRY(files_.read(inner ? inner->archive : path));
    auto file = TRY(ProbedFile::make(path, std::move(bytes), files_.reader()));
    last_ = std::make_unique<ProbedFile>(std::move(file));
    return last_.get();
}

// Of the host, links resolved; empty: there is none.
std::string SpecFiles::real_path(const std::string& path) const {
    const auto inner = zip_path(path);
    const auto host = files_.host_path(inner ? inner->archive : path);
    std::error_code error;
    const std::string file = host ? std::filesystem::canonical(*host, error).string() : "";
    return file.empty() || !inner ? file : file + "!/" + inner->member;
}

Outcome SpecFiles::each(const ProbeSpec& spec,
                        const std::function<Outcome(const ProbedFile&)>& use) {
    const auto literal = file_of(spec.binary);
    if (literal) return use(**literal);
    if (is_short_name(spec.binary)) {
        const auto path = find_short_name(spec.binary, files_.folders());
        if (!path)
            return user_error(short_name_not_found(spec.binary), spec.text,
                              "give a path; relative ones are this host's");
        const ProbedFile* const file = TRY(file_of(*path));
        return use(*file);
    }
    if (!is_glob(spec.binary)) return tl::make_unexpected(literal.error());
    const std::vector<std::string> paths =
        expand_glob(ListFiles::absolute(spec.binary), files_.folders());
    // The first file that has no such place, and the first that is no arm64 program.
    std::optional<UserError> first_without, first_error;
    std::set<std::string> seen;
    std::size_t used = 0;
    for (const std::string& path : paths) {
        const std::string same = real_path(path);
        if (!same.empty() && !seen.insert(same).second) continue;  // a link to one of them
        const auto file = file_of(path);
        if (!file) {
            if (!first_error) first_error = file.error();
        } else if (const Outcome done = use(**file); done) {
            ++used;
        } else if (!first_without) {
            first_without = done.error();
        }
    }
    if (used != 0) return {};
    if (first_without) return tl::make_unexpected(std::move(*first_without));
    if (first_error && seen.size() > 1)
        return user_error(fmt::format("none of the {} files that the path matches is an arm64 "
                                      "program: the first, {}: {}",
                                      seen.size(), first_error->where, first_error->what),
                          spec.binary, first_error->hint);
    if (first_error) return tl::make_unexpected(std::move(*first_error));
    return user_error("no file matches the path", spec.binary);
}

}  // namespace uprobesim
