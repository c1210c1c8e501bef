// SPDX-License-Identifier: GPL-2.0-or-later
// The filter of a socket (SO_ATTACH_FILTER): a program of classic BPF that sees each packet before
// it is queued, and says how many bytes of it stay.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "kernel_model/bpf/classic_bpf.h"
#include "sim/mem/memory_charge.h"

namespace uprobesim {

class Network;

// Sockets share it: a connection has that of its listener.
struct SocketFilter {
    std::vector<abi::BpfInsn> program;
    MemoryCharge memory{};
};

struct SocketFiltering {
    std::shared_ptr<const SocketFilter> filter;  // null: none
    bool locked = false;                         // SO_LOCK_FILTER
};

inline constexpr std::uint16_t kEthIp = 0x0800, kEthIpv6 = 0x86dd;

// A packet as a filter sees it (struct sk_buff).
class SeenPacket final : public BpfData {
public:
    // Of a socket whose packets have no headers and no device. The bytes have to stay.
    SeenPacket(std::span<const std::byte> bytes, const Network& network)
        : bytes_(bytes), network_(network) {}
    // Of lo: from the network header on; the program's data begins at `data`, and the payload at
    // `payload` (__skb_get_poff).
    struct Layout {
        std::size_t data = 0, payload = 0;
        std::uint32_t mark = 0;  // SO_MARK of the sender
        std::uint32_t hash = 0;  // of a connection; 0: of none
    };
    SeenPacket(std::vector<std::byte> packet, const Layout& layout, const Network& network);
    SeenPacket(const SeenPacket&) = delete;
    SeenPacket& operator=(const SeenPacket&) = delete;
    ~SeenPacket() override = default;

    std::uint32_t length() const override {
        return static_cast<std::uint32_t>(bytes_.size() - data_);
    }
    std::optional<std::uint32_t> load(std::uint32_t at, std::uint32_t size) const override;
    std::optional<std::uint32_t> ancillary(std::uint32_t number, std::uint32_t a,
                                           std::uint32_t x) const override;

private:
    std::uint32_t attribute(std::uint32_t at, std::uint32_t end, std::uint32_t type) const;

    std::vector<std::byte> own_;
    std::span<const std::byte> bytes_;  // from the link header on, if there is one
    std::size_t network_header_ = 0, data_ = 0, payload_ = 0;
    bool of_lo_ = false;
    std::uint16_t protocol_ = 0;
    std::uint32_t mark_ = 0, hash_ = 0;
    const Network& network_;
};

// sk_filter_trim_cap: so many bytes of the packet's data stay, `least` or more; nothing: the
// packet is dropped.
std::optional<std::size_t> kept_bytes(const SocketFilter& filter, const SeenPacket& packet,
                                      std::size_t least = 1);

}  // namespace uprobesim
