// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/memory/backing.h"

namespace uprobesim {

SysResult<FileHold> FileBacking::hold(const std::shared_ptr<FileBacking>& file, FileUse use) {
    const std::int64_t one = use == FileUse::Written ? 1 : -1;
    if (file->holds_ * one < 0) return tl::make_unexpected(Errno::TxtBsy);
    file->holds_ += one;
    return FileHold(file.get(), [file, one](const void*) { file->holds_ -= one; });
}

}  // namespace uprobesim
