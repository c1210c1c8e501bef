// SPDX-License-Identifier: GPL-2.0-or-later
// /proc/PID/ns/KIND, opened: a namespace that setns may enter.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "kernel_model/abi/ioctl.h"
#include "kernel_model/files/mount.h"
#include "kernel_model/memory/user_memory.h"
#include "kernel_model/task/namespaces.h"

namespace uprobesim {

class NamespaceFile final : public File {
public:
    NamespaceFile(NamespaceKind kind, const FileStatus& status) : kind_(kind), status_(status) {}

    NamespaceKind kind() const { return kind_; }
    std::uint64_t inode() const {
        if (uts) return uts->inode;
        if (mounts) return mounts->inode;
        if (other) return other->inode;
        return name_of(kind_).first_inode;
    }
    UserSpace owned_by() const {
        return uts ? uts->owned_by : mounts ? mounts->owned_by : other ? other->owned_by : nullptr;
    }
    // A file of another namespace beside this one, not of UTS or mounts. Null: the first.
    std::shared_ptr<NamespaceFile> beside(NamespaceKind kind,
                                          std::shared_ptr<Namespace> space) const {
        auto file = std::make_shared<NamespaceFile>(kind, status_);
        file->other = std::move(space);
        file->name = fmt::format("{}:[{}]", name_of(kind).file, file->inode());
        return file;
    }
    SysResult<std::uint64_t> ioctl(std::uint64_t request, std::uint64_t arg,
                                   UserMemory& memory) override {
        if (request == abi::kNsGetNstype) return name_of(kind_).clone_flag;
        if (request != abi::kNsGetOwnerUid) return tl::make_unexpected(Errno::NotTty);
        if (kind_ != NamespaceKind::User) return tl::make_unexpected(Errno::Inval);
        const auto* const users = static_cast<const UserNamespace*>(other.get());
        if (!memory.put(VAddr(arg), users != nullptr ? users->owner : 0u))
            return tl::make_unexpected(Errno::Fault);
        return std::uint64_t{0};
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
    std::shared_ptr<Namespace> other;        // of the other kinds; null: the first

private:
    NamespaceKind kind_;
    FileStatus status_;
};

}  // namespace uprobesim
