#include "news.hpp"

#include "wire/codec.hpp"

namespace drover::model {
namespace {

void add(Bytes& bytes, const std::map<std::string, std::string>& objects) {
    bytes.add(objects.size());
    for (const auto& [key, value] : objects) bytes.add(key).add(value);
}

}  // namespace

std::string StateNews::bytes() const {
    Bytes bytes;
    bytes.add(epoch);
    add(bytes, objects);
    return bytes.take();
}

std::string NodeNews::bytes() const {
    Bytes bytes;
    bytes.add(epoch).add(tasks.size());
    for (const auto& [key, observed] : tasks) bytes.add(wire::encode(observed));
    return bytes.take();
}

std::string ReportNews::bytes() const {
    Bytes bytes;
    add(bytes, said);
    return bytes.take();
}

}  // namespace drover::model
