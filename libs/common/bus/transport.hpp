// Transport: topics and payloads, delivered at most once, in no promised order, possibly never. ZmqTransport is the
// real one, SimTransport the lossy one of the tests.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace drover::bus {

class Transport {
   public:
    virtual ~Transport() = default;
    virtual void publish(std::string_view topic, std::string_view payload) = 0;
    // Everything whose topic begins with `prefix`; for the life of the transport.
    virtual void subscribe(std::string_view prefix) = 0;
    using Handler = std::function<void(std::string_view topic, std::string_view payload)>;
    virtual void on_message(Handler handler) = 0;
    // `handler` runs when somebody may have begun to listen: the moment to repeat what one stands for.
    virtual void on_join(std::function<void()> handler) = 0;
    // Whether anybody, monitors included, wants topics that begin with `prefix`, as far as is known.
    virtual bool wanted(std::string_view prefix) const = 0;
};

}  // namespace drover::bus
