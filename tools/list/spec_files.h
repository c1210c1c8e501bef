// SPDX-License-Identifier: GPL-2.0-or-later
// The files that specs are about, read one after the other.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "probes/target/probed_file.h"
#include "probes/target/spec.h"
#include "tools/list/list_files.h"

namespace uprobesim {

class SpecFiles {
public:
    explicit SpecFiles(const ListFiles& files) : files_(files) {}

    // Good until the next one: folders have too many to keep all.
    Result<const ProbedFile*> file_of(const std::string& path);
    // Calls `use` for the file of the spec's path, of its name alone, or for each that its
    // wildcards match, once whatever links to it. Errors: no such file, or the first of `use` where
    // it succeeds for none.
    Outcome each(const ProbeSpec& spec, const std::function<Outcome(const ProbedFile&)>& use);

private:
    std::string real_path(const std::string& path) const;

    const ListFiles& files_;
    std::unique_ptr<ProbedFile> last_;
};

}  // namespace uprobesim
