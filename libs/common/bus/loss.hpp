// Loss: what a monitor has missed. Nothing is repeated for a monitor, but everything it hears is numbered.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "wire/envelope.hpp"

namespace drover::bus {

class Loss {
   public:
    // `prefix` of the topics that the monitor listens to. Of a stream that it hears only a part of nothing can be said;
    // samples and vectors are numbered for each key, so of those that it hears it always can.
    explicit Loss(std::string prefix) : prefix_(std::move(prefix)) {}

    // How many records of this envelope's sender were missed since the envelope before: 0 for the first that is heard
    // of a stream, and when its sender has begun anew.
    std::uint64_t missed(const wire::Envelope& envelope);

    static constexpr std::size_t kMaxKept = 100'000;  // numberings that are remembered

   private:
    using Numbering = std::tuple<std::string, std::string, std::uint64_t, std::string, std::string>;

    std::string prefix_;
    std::map<Numbering, std::uint64_t> last_;  // number heard of sender, boot, epoch, stream and, for samples, key
};

}  // namespace drover::bus
