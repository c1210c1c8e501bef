// SPDX-License-Identifier: GPL-2.0-or-later
// The files above a place of the tree, by which the rules of Landlock are looked up.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "kernel_model/files/dentry.h"
#include "kernel_model/files/mount.h"
#include "kernel_model/landlock/file_access.h"

namespace uprobesim {

// The file of an inner path; nothing: there is none.
using KeyOfPath = std::function<std::optional<FileKey>(const std::string& inner)>;

// From an inner path upwards, past the places of mounts. What is moved out of what its mount shows
// ends at the top of its file system, and goes on from that of the mount. `own`: the file itself;
// nothing: it is looked up.
LandlockPath landlock_path(const std::shared_ptr<Mount>& mount, const std::string& inner,
                           const std::optional<FileKey>& own, const KeyOfPath& key_of);
// The same of a name that may have been removed.
LandlockPath landlock_path(const Dentry& name, const KeyOfPath& key_of);

}  // namespace uprobesim
