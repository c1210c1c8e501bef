// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/target/path_glob.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>

namespace uprobesim {

bool is_glob(std::string_view path) {
    return path.find_first_of("*?[") != path.npos;
}

std::vector<std::string> expand_glob(const std::string& path, const FolderReader& names_in) {
    std::vector<std::string> found{""};
    for (std::size_t begin = path.find('/'); begin < path.size();) {
        const std::size_t end = std::min(path.find('/', begin + 1), path.size());
        const std::string part = path.substr(begin + 1, end - begin - 1);
        begin = end;
        if (part.empty()) continue;
        if (!is_glob(part)) {
            for (std::string& folder : found) folder += "/" + part;
            continue;
        }
        std::vector<std::string> longer;
        for (const std::string& folder : found) {
            std::vector<std::string> names = names_in(folder.empty() ? "/" : folder);
            std::sort(names.begin(), names.end());
            for (const std::string& name : names) {
                if (longer.size() == kMostGlobbed) break;
                if (name != "." && name != ".." &&
                    fnmatch(part.c_str(), name.c_str(), FNM_PERIOD) == 0)
                    longer.push_back(fmt::format("{}/{}", folder, name));
            }
        }
        found = std::move(longer);
    }
    return found;
}

}  // namespace uprobesim
