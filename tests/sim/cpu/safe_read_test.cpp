// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/jit/safe_read.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

using namespace uprobesim;

namespace {

constexpr std::size_t kPage = 4096;

// Pages that are there, with a page after them that is not.
class PagesBeforeAHole {
public:
    explicit PagesBeforeAHole(std::size_t pages) : size_(pages * kPage) {
        void* const got = mmap(nullptr, size_ + kPage, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        REQUIRE(got != MAP_FAILED);
        begin_ = static_cast<std::byte*>(got);
        REQUIRE(munmap(begin_ + size_, kPage) == 0);
    }
    ~PagesBeforeAHole() { munmap(begin_, size_); }
    PagesBeforeAHole(const PagesBeforeAHole&) = delete;
    PagesBeforeAHole& operator=(const PagesBeforeAHole&) = delete;

    std::byte* begin() const { return begin_; }
    std::byte* end() const { return begin_ + size_; }

private:
    std::size_t size_;
    std::byte* begin_ = nullptr;
};

}  // namespace

TEST_CASE("safe_read copies what is there, of any size", "[cpu][safe-read]") {
    const PagesBeforeAHole pages(5);
    for (std::byte* at = pages.begin(); at != pages.end(); ++at)
        *at = static_cast<std::byte>((at - pages.begin()) * 7 % 251);
    for (const std::size_t size : {std::size_t{1}, std::size_t{8}, kPage, kPage + 1, 4 * kPage}) {
        std::vector<std::byte> copy(size);
        CHECK(safe_read(pages.begin() + 100, copy.data(), size));
        CHECK(std::memcmp(copy.data(), pages.begin() + 100, size) == 0);
    }
    std::byte last{};
    CHECK(safe_read(pages.end() - 1, &last, 1));
    CHECK(last == *(pages.end() - 1));
}

TEST_CASE("safe_read fails where memory is missing, and works again afterwards",
          "[cpu][safe-read]") {
    const PagesBeforeAHole pages(2);
    std::vector<std::byte> copy(3 * kPage);
    CHECK_FALSE(safe_read(pages.end(), copy.data(), 8));
    CHECK_FALSE(safe_read(pages.end() - 3, copy.data(), 8));
    CHECK_FALSE(safe_read(pages.begin(), copy.data(), copy.size()));
    CHECK_FALSE(safe_read(nullptr, copy.data(), 8));
    const std::uint64_t value = 0x0123456789abcdefu;
    std::uint64_t read = 0;
    CHECK(safe_read(&value, &read, sizeof read));
    CHECK(read == value);
}

TEST_CASE("a read of what is there ends where memory does", "[cpu][safe-read]") {
    const PagesBeforeAHole pages(2);
    for (std::byte* at = pages.begin(); at != pages.end(); ++at)
        *at = static_cast<std::byte>((at - pages.begin()) * 7 % 251);
    for (const std::size_t there : {std::size_t{0}, std::size_t{8}, kPage - 5, kPage + 700}) {
        std::vector<std::byte> copy(there + 3 * kPage);
        REQUIRE(read_what_is_there(pages.end() - there, copy) == there);
        CHECK(std::memcmp(copy.data(), pages.end() - there, there) == 0);
    }
    std::vector<std::byte> copy(kPage + 9);
    CHECK(read_what_is_there(pages.begin() + 3, copy) == copy.size());
}

TEST_CASE("a child of fork has a way of its own to read", "[cpu][safe-read]") {
    std::uint64_t read = 0;
    const std::uint64_t value = 0xfeedu;
    REQUIRE(safe_read(&value, &read, sizeof read));
    const pid_t child = fork();
    REQUIRE(child >= 0);
    const std::uint64_t mine = child == 0 ? 1 : 2;
    bool same = true;
    for (int i = 0; i < 20000; ++i)
        same = same && safe_read(&mine, &read, sizeof read) && read == mine;
    if (child == 0) _exit(same ? 0 : 1);
    CHECK(same);
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}
