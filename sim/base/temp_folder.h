// SPDX-License-Identifier: GPL-2.0-or-later
// A folder of its own for one run's files. It goes with the run: at its end, or where the run was
// killed, when the next one makes a folder of its own.
#pragma once

#include <string>
#include <string_view>

namespace uprobesim {

class TemporaryFolder {
public:
    TemporaryFolder() = default;  // none
    // Makes it in TMPDIR, or /tmp, where it first removes those that killed runs of this user left.
    // Throws HostError, which says what the folder was for.
    static TemporaryFolder make(std::string_view purpose);
    ~TemporaryFolder() { remove(); }
    TemporaryFolder(TemporaryFolder&& other) noexcept;
    TemporaryFolder& operator=(TemporaryFolder&& other) noexcept;
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::string& path() const { return path_; }  // empty: none
    // With all that is in it, following no link.
    void remove();
    // After a fork: it is the other process's.
    void leave();

private:
    std::string path_;
    int lock_ = -1;  // the folder, locked as long as its run lives
};

}  // namespace uprobesim
