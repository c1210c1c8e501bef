// SPDX-License-Identifier: GPL-2.0-or-later
// Objects that gdb reads in pieces (qXfer).
#include <fmt/format.h>

#include <algorithm>

#include "sim/base/text.h"
#include "tools/gdb/error_replies.h"
#include "tools/gdb/server.h"
#include "tools/gdb/target/registers.h"
#include "tools/html/page.h"

namespace uprobesim {
namespace {

// A task's name may have any byte.
std::string xml_text(const std::string& text) {
    return html_escaped(printable(text));
}

}  // namespace

// "OBJECT:read:ANNEX:OFFSET,SIZE"
std::string GdbServer::transfer(std::string_view words) {
    const std::string_view name = take_until(words, ':'), action = take_until(words, ':'),
                           annex = take_until(words, ':');
    const auto offset = hex_number(take_until(words, ',')), size = hex_number(words);
    if (action != "read") return "";
    if (!offset || !size) return kBadPacket;
    const auto all = object(name, annex);
    if (!all) return "E00";
    if (*offset > all->size()) return kBadPacket;
    const std::string_view part = std::string_view(*all).substr(*offset, *size);
    const bool last = *offset + part.size() == all->size();
    return (last ? "l" : "m") + gdb_escaped(part);
}

std::optional<std::string> GdbServer::object(std::string_view name, std::string_view annex) {
    if (name == "features")
        return annex == "target.xml" ? std::optional(target_description()) : std::nullopt;
    if (name == "threads") {
        std::string text = "<?xml version=\"1.0\"?>\n<threads>\n";
        for (const Task* task : threads())
            text += fmt::format("<thread id=\"{}\" core=\"{}\" name=\"{}\"/>\n",
                                gdb_thread_text(id_of(*task)), task->cpu, xml_text(task->comm));
        return text + "</threads>\n";
    }
    const auto pid = hex_number(annex);
    const Task* const task =
        pid ? find({static_cast<std::int32_t>(*pid), GdbThread::kAll}) : selected();
    if (task == nullptr) return std::nullopt;
    if (name == "exec-file") return task->process->exe;
    if (name == "auxv") {
        const auto& auxv = task->process->auxv;
        return std::string(reinterpret_cast<const char*>(auxv.data()),
                           auxv.size() * sizeof(std::uint64_t));
    }
    return std::nullopt;
}

}  // namespace uprobesim
