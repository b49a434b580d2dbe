#include "driver-manager/core/clip.hpp"

namespace drover::driver_manager {
namespace {

constexpr std::size_t kMaxSentence = 400;
constexpr std::size_t kMaxOutput = 4096;

}  // namespace

void clip(std::string& sentence) {
    if (sentence.size() <= kMaxSentence) return;
    std::size_t end = kMaxSentence - 3;
    while (end > 0 && (static_cast<unsigned char>(sentence[end]) & 0xC0) == 0x80) --end;
    sentence = sentence.substr(0, end) + "...";
}

void clip(wire::IncarnationObserved& seen) {
    clip(seen.error);
    clip(seen.signal_error);
    clip(seen.exit.error);
    clip(seen.pre_kill_error);
    clip(seen.waits);
    clip(seen.directory_gone);
    for (wire::SetupStep& step : seen.steps) clip(step.error);
    for (wire::DriverWord& word : seen.driver_words) clip(word.message);
    if (seen.last_output.size() > kMaxOutput) seen.last_output.clear();
}

}  // namespace drover::driver_manager
