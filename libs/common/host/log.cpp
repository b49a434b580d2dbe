#include "host/log.hpp"

#include <poll.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <memory>
#include <mutex>

#include "base/nearest.hpp"

namespace drover::log {

namespace {

constexpr std::array<std::string_view, 4> kLevels = {"debug", "info", "warn", "error"};

// A pipe that polls as writable takes this much without blocking (PIPE_BUF).
constexpr std::size_t kMaxLine = 4096;
// How long the first of a row of lines waits for a slow reader.
constexpr int kPatienceMs = 20;

class StderrSink : public spdlog::sinks::base_sink<std::mutex> {
   protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        if (line.size() > kMaxLine) {
            line.resize(kMaxLine);
            line[kMaxLine - 1] = '\n';
        }
        if (lost_ > 0 && writable()) {
            const std::string note = "log lines lost, nobody read stderr count=" + std::to_string(lost_) + "\n";
            if (put(note.data(), note.size())) lost_ = 0;
        }
        if (lost_ > 0 || !writable() || !put(line.data(), line.size())) ++lost_;
    }
    void flush_() override {}

   private:
    bool writable() const {
        pollfd p{STDERR_FILENO, POLLOUT, 0};
        return ::poll(&p, 1, lost_ == 0 ? kPatienceMs : 0) == 1 && (p.revents & POLLOUT) != 0;
    }
    static bool put(const char* data, std::size_t size) { return ::write(STDERR_FILENO, data, size) > 0; }

    std::uint64_t lost_ = 0;
};

struct Logger {
    Logger() : sink(std::make_shared<StderrSink>()), logger("drover", sink) {
        logger.set_level(spdlog::level::trace);  // `level` decides
        logger.set_formatter(
            std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %v", spdlog::pattern_time_type::utc));
        logger.set_error_handler([](const std::string&) {});
    }

    std::shared_ptr<StderrSink> sink;
    spdlog::logger logger;
    std::string program;  // "drover-gateway: "
    std::atomic<Level> level{Level::info};
};

// Never destroyed: destructors of other globals may log.
Logger& the_logger() {
    static Logger& logger = *new Logger;
    return logger;
}

bool needs_quotes(std::string_view value) {
    if (value.empty()) return true;
    for (const char c : value) {
        if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == '\\' || c == '\x7f') return true;
    }
    return false;
}

void append_escaped(std::string& out, std::string_view value) {
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += {'\\', c};
        } else if (c == '\n') {
            out += "\\n";
        } else if (byte < ' ' || byte == 0x7f) {
            std::array<char, 8> code{};
            std::snprintf(code.data(), code.size(), "\\x%02x", byte);
            out += code.data();
        } else {
            out += c;
        }
    }
}

}  // namespace

const char* to_string(Level level) { return kLevels[static_cast<std::size_t>(level)].data(); }

Result<Level> parse_level(std::string_view word) {
    for (std::size_t i = 0; i < kLevels.size(); ++i) {
        if (kLevels[i] == word) return static_cast<Level>(i);
    }
    const std::string meant = nearest(word, kLevels);
    return fail(ErrorKind::invalid,
                "\"" + std::string(word) + "\" is no log level; " +
                    (meant.empty() ? "write debug, info, warn or error" : "did you mean " + meant + "?"));
}

Field::Field(std::string_view k, double v) : key(k) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.6g", v);
    value = text.data();
}

void setup(std::string_view program, Level level) {
    the_logger().program = std::string(program) + ": ";
    the_logger().level = level;
}

bool enabled(Level level) { return level >= the_logger().level.load(std::memory_order_relaxed); }

void write(Level level, std::string_view message, Fields fields) {
    if (!enabled(level)) return;
    Logger& log = the_logger();
    const std::string line = std::string(to_string(level)) + " " + log.program + format(message, fields);
    log.logger.log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

std::string format(std::string_view message, Fields fields) {
    std::string out;
    append_escaped(out, message);
    for (const Field& field : fields) {
        out += " ";
        out += field.key;
        out += "=";
        if (!needs_quotes(field.value)) {
            out += field.value;
            continue;
        }
        out += '"';
        append_escaped(out, field.value);
        out += '"';
    }
    return out;
}

}  // namespace drover::log
