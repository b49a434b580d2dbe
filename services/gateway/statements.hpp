// Statements: questions that stand in one of our streams until their answer was seen or their deadline passed. One
// class for requests to the state-store and for log reads.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/result.hpp"
#include "bus/exchange.hpp"
#include "rt/loop.hpp"
#include "wire/codec.hpp"

namespace drover::gateway {

template <class Question, class Answer>
class Statements {
   public:
    using Done = std::function<void(Result<Answer>)>;

    // `feed` was offered as `stream` and outlives this.
    Statements(rt::Loop& loop, bus::Exchange& exchange, bus::KeyedFeed& feed, std::string stream)
        : loop_(loop), exchange_(exchange), feed_(feed), stream_(std::move(stream)) {}
    ~Statements() {
        for (const auto& item : open_) loop_.cancel(item.second.timer);
    }
    Statements(const Statements&) = delete;
    Statements& operator=(const Statements&) = delete;

    // More open questions than this are refused at once.
    static constexpr std::size_t kMaxOpen = 128;

    // `done` is called once: with the answer, or with `late` when `limit` passes first. Ids are unique.
    void ask(const std::string& id, const std::string& key, const Question& question, Duration limit, Error late,
             Done done) {
        if (open_.size() >= kMaxOpen) {
            return done(fail(ErrorKind::unavailable, "too many requests are waiting for an answer; try again later"));
        }
        const rt::Token timer = loop_.at(
            loop_.now() + limit, [this, id, late = std::move(late)] { finish(id, tl::unexpected<Error>(late)); });
        open_[id] = {key, timer, std::move(done)};
        feed_.put(key, Question::kName, wire::encode(question));
        exchange_.changed(stream_);
    }

    // A record of the answering stream; answers to nobody are ignored.
    void heard(const wire::Record& record) {
        if (record.erased || open_.count(record.key) == 0) return;
        finish(record.key, wire::decode<Answer>(record.body));
    }

    void fail_all(const Error& error) {
        while (!open_.empty()) finish(open_.begin()->first, tl::unexpected<Error>(error));
    }

    std::size_t size() const { return open_.size(); }

   private:
    struct Open {
        std::string key;
        rt::Token timer = 0;
        Done done;
    };

    void finish(const std::string& id, Result<Answer> result) {
        auto node = open_.extract(id);
        if (node.empty()) return;
        loop_.cancel(node.mapped().timer);
        feed_.erase(node.mapped().key);
        exchange_.changed(stream_);
        node.mapped().done(std::move(result));
    }

    rt::Loop& loop_;
    bus::Exchange& exchange_;
    bus::KeyedFeed& feed_;
    std::string stream_;
    std::map<std::string, Open> open_;  // by id
};

}  // namespace drover::gateway
