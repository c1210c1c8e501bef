// SPDX-License-Identifier: GPL-2.0-or-later
// Standard input and outputs for several runs of one program: every run reads the same input, only
// the first one's output is passed on, and all outputs are hashed so that they can be compared. The
// guest sees pipes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "kernel_model/files/file.h"

namespace uprobesim {

// The host's standard input, read to its end when the first guest asks for some of it: what one
// read call returns then depends on nothing but the guest. Or bytes that are given.
class SharedInput {
public:
    explicit SharedInput(int host_fd) : host_fd_(host_fd) {}
    explicit SharedInput(std::string bytes) : read_(true), bytes_(std::move(bytes)) {}
    ~SharedInput();
    SharedInput(const SharedInput&) = delete;
    SharedInput& operator=(const SharedInput&) = delete;
    // A reader that starts at the beginning. The SharedInput must outlive it.
    std::shared_ptr<File> reader();
    const std::string& bytes();
    // Before a fork: who asks first reads it, for all processes.
    void share();

private:
    void read_host();
    bool take_stored();

    int host_fd_ = -1;
    int store_ = -1;  // a file in memory: whether it is complete (a byte), and what was read
    bool read_ = false;
    std::string bytes_;
};

// What was written: length and FNV-1a 64.
struct StreamDigest {
    std::uint64_t bytes = 0;
    std::uint64_t hash = 0xcbf29ce484222325u;

    void add(std::span<const std::byte> data);
    std::string hash_text() const;
};

class DigestedOutput final : public File {
public:
    // `host_fd`: where the bytes go as well, after `before_write`; negative: nowhere.
    DigestedOutput(int guest_fd, int host_fd, std::function<void()> before_write = {});
    SysResult<std::uint64_t> write(std::uint64_t offset, std::span<const std::byte> from) override;
    SysResult<FileStatus> status() override;
    std::uint32_t poll() override { return 4; }
    std::uint64_t kernel_bytes() const override { return 0; }
    FileCosts costs() const override { return {.write = KernelPath::SysWritePipe}; }
    const StreamDigest& digest() const { return digest_; }
    // From now on the bytes go nowhere else.
    void silence() { host_fd_ = -1; }
    // Also remember the first `most` bytes.
    void keep(std::size_t most) { kept_most_ = most; }
    const std::string& kept() const { return kept_; }

private:
    int guest_fd_;
    int host_fd_;
    std::function<void()> before_write_;
    StreamDigest digest_;
    std::size_t kept_most_ = 0;
    std::string kept_;
};

}  // namespace uprobesim
