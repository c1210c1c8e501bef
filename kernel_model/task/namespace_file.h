// SPDX-License-Identifier: GPL-2.0-or-later
// /proc/PID/ns/KIND, opened: a namespace that setns may enter.
#pragma once

#include <memory>
#include <utility>

#include "kernel_model/files/mount.h"
#include "kernel_model/task/namespaces.h"

namespace uprobesim {

class NamespaceFile final : public File {
public:
    NamespaceFile(NamespaceKind kind, const FileStatus& status) : kind_(kind), status_(status) {}

    NamespaceKind kind() const { return kind_; }
    std::uint64_t inode() const {
        if (uts) return uts->inode;
        if (mounts) return mounts->inode;
        return name_of(kind_).first_inode;
    }
    SysResult<FileStatus> status() override {
        FileStatus shown = status_;
        constexpr std::uint64_t kNsfsDevice = 4;
        shown.device = kNsfsDevice;
        shown.inode = inode();
        return shown;
    }

    std::shared_ptr<UtsNamespace> uts;       // of that kind
    std::shared_ptr<MountNamespace> mounts;  // of that kind

private:
    NamespaceKind kind_;
    FileStatus status_;
};

}  // namespace uprobesim
