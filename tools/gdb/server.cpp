// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/gdb/server.h"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <utility>

#include "sim/base/text.h"
#include "sim/base/try.h"

namespace uprobesim {

Result<std::unique_ptr<GdbServer>> GdbServer::open(const GdbOptions& options,
                                                   GdbLine::GivesUp gives_up) {
    auto line = TRY(GdbLine::listen(options.place));
    return std::unique_ptr<GdbServer>(new GdbServer(std::move(line), options, std::move(gives_up)));
}

void GdbServer::use(FileSystem& files, const Uprobes& uprobes) {
    files_ = &files;
    uprobes_ = &uprobes;
    guest_files_.use(files);
    debugger_.use(uprobes);
}

void GdbServer::send(std::string_view payload) {
    last_sent_ = framed(shortened(payload));
    line_->write(last_sent_);
}

std::optional<GdbInput> GdbServer::receive(bool waits) {
    if (held_) return std::exchange(held_, std::nullopt);
    for (;;) {
        if (auto input = reader_.next()) return input;
        std::string bytes;
        const GdbLine::Read read = line_->read(bytes, waits, gives_up_);
        if (read == GdbLine::Read::Gone) there_ = false;
        if (read != GdbLine::Read::Got) return std::nullopt;
        reader_.add(bytes);
    }
}

// gdb sends a packet again that has had no answer for two seconds, as while the program was loaded:
// all of them are answered once.
void GdbServer::skip_repeated(const GdbPacket& packet) {
    while (auto input = receive(false)) {
        const auto* const next = std::get_if<GdbPacket>(&*input);
        if (next == nullptr || next->payload != packet.payload) {
            held_ = std::move(input);
            return;
        }
    }
}

void GdbServer::say(std::string_view text) {
    send("O" + hex_text(text));
}

// Nobody debugs from here on.
void GdbServer::leave() {
    for (const std::int32_t pid : std::set<std::int32_t>(debugger_.attached()))
        debugger_.detach(pid);
}

void GdbServer::serve() {
    goes_on_ = false;
    while (!goes_on_) {
        const auto input = receive(true);
        if (!input) {
            if (!there_) {
                fmt::print(stderr, "uprobesim: gdb went away; the run goes on without it\n");
            } else if (!gives_up_()) {
                continue;
            }
            return leave();
        }
        const auto* const packet = std::get_if<GdbPacket>(&*input);
        if (packet == nullptr) {
            if (std::holds_alternative<GdbResend>(*input)) line_->write(last_sent_);
            if (std::holds_alternative<GdbBroken>(*input) && acknowledges_) line_->write("-");
            continue;
        }
        if (acknowledges_) {
            skip_repeated(*packet);
            line_->write("+");
        }
        if (const auto reply = answer(packet->payload)) send(*reply);
    }
}

void GdbServer::stopped(Task& task, const StopReason& reason) {
    const auto announce = [](const std::string& place) {
        fmt::print(stderr, "uprobesim: waiting for gdb at {}\n", printable(place));
    };
    if (!line_->connect(announce, gives_up_)) return leave();
    current_ = general_ = resumed_ = id_of(task);
    last_stop_ = stop_reply(reason, current_);
    if (std::exchange(waited_for_, false)) {
        if (!reason.note.empty()) say(reason.note + "\n");
        send(last_stop_);
    }
    serve();
}

void GdbServer::exited(std::int32_t pid, ExitKind kind, int status) {
    last_stop_ = exit_reply(kind, status, pid);
    if (std::exchange(waited_for_, false)) send(last_stop_);
    current_ = general_ = resumed_ = {};
    if (!debugger_.attached().empty()) serve();
}

void GdbServer::finish() {
    if (!std::exchange(waited_for_, false)) return;
    // The run ended with the program in the middle: a limit, a signal to the simulator.
    constexpr int kKilled = static_cast<int>(Signal::Kill);
    for (const std::int32_t pid : debugger_.attached())
        send(exit_reply(ExitKind::Signalled, kKilled, pid));
}

bool GdbServer::interrupted() {
    for (;;) {
        const auto input = receive(false);
        if (!input) {
            if (!there_ && !debugger_.attached().empty()) {
                fmt::print(stderr, "uprobesim: gdb went away; the run goes on without it\n");
                leave();
            }
            return false;
        }
        if (std::holds_alternative<GdbInterrupt>(*input)) return true;
    }
}

bool GdbServer::passes(Signal signal) const {
    return passed_.contains(gdb_signal_of(signal));
}

bool GdbServer::wants(StopKind event) const {
    switch (event) {
        case StopKind::Forked: return features_.contains("fork-events+");
        case StopKind::Vforked:
        case StopKind::VforkDone: return features_.contains("vfork-events+");
        case StopKind::Executed: return features_.contains("exec-events+");
        default: return true;
    }
}

std::optional<std::string> GdbServer::answer(const std::string& packet) {
    const std::string_view rest = std::string_view(packet).substr(packet.empty() ? 0 : 1);
    const auto named = [&](std::string_view name) { return packet.starts_with(name); };
    if (named("vFile:")) return guest_files_.reply(std::string_view(packet).substr(6));
    if (packet == "vCont?") return "vCont;c;C;s;S;r";
    if (named("vCont;")) return resume(std::string_view(packet).substr(6));
    if (named("vKill;")) return kill(std::string_view(packet).substr(6));
    switch (packet.empty() ? '\0' : packet.front()) {
        case '?': return last_stop_;
        case 'H': return select(rest);
        case 'g': return registers();
        case 'G': return set_registers_to(rest);
        case 'p': return one_register(rest);
        case 'P': return set_one_register(rest);
        case 'm': return read_memory(rest);
        case 'M': return write_memory(rest, false);
        case 'X': return write_memory(rest, true);
        case 'Z': return change_breakpoint(rest, true);
        case 'z': return change_breakpoint(rest, false);
        case 'T': return is_alive(rest);
        case 'q': return query(rest);
        case 'Q': return set(rest);
        case 'c':
        case 's':
        case 'C':
        case 'S': return resume_one(packet);
        case 'b': return rest == "s" || rest == "c" ? go_back(rest == "s") : "";
        case 'D': return detach(rest);
        case 'k': return kill("");
        default: return "";  // not known
    }
}

}  // namespace uprobesim
