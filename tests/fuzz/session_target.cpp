#include "fuzz/session_target.hpp"

#include <string>

#include "base/check.hpp"
#include "cli/exec_frames.hpp"
#include "driver-manager/session/demux.hpp"
#include "driver-manager/session/oci.hpp"
#include "gateway/caller.hpp"

namespace drover::fuzz {
namespace {

// In whatever pieces it comes, the same comes of it.
template <class Feed>
void same_in_pieces(std::string_view bytes, Feed feed) {
    const std::string whole = feed(bytes.size() + 1);
    CHECK(feed(1) == whole);
    CHECK(feed(7) == whole);
}

template <class Reader>
bool feed_all(Reader& reader, std::string_view bytes, std::size_t piece) {
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        const auto fed = reader.feed(bytes.substr(at, piece));
        CHECK(fed || !fed.error().message.empty());
        if (!fed) return false;
    }
    return true;
}

}  // namespace

void session(std::string_view bytes) {
    same_in_pieces(bytes, [&](std::size_t piece) {
        std::string out[2];
        drover::session::Demux demux([&](int stream, std::string_view more) { out[stream].append(more); });
        feed_all(demux, bytes, piece);
        return out[0] + '\0' + out[1];
    });
    same_in_pieces(bytes, [&](std::size_t piece) {
        std::string out;
        cli::ExecFrames frames(
            [&](std::string_view stream, std::string_view more) { out.append(stream).append("=").append(more); });
        feed_all(frames, bytes, piece);
        return out + std::to_string(frames.heard());
    });
    const auto process = drover::session::oci_process(bytes, {.words = {"sh"}, .tty = true, .tty_type = "xterm"});
    CHECK(process ? !process->empty() : !process.error().message.empty());
    (void)gateway::owner_of(bytes, 50000, 4646);
}

}  // namespace drover::fuzz
