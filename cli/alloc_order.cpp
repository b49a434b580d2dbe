#include "cli/alloc_order.hpp"

namespace drover::cli {

int give_order(const Session& session, const std::string& verb, const AllocOrder& order, const std::string& done) {
    Json body = Json::object();
    if (!order.task.empty()) body["task"] = order.task;
    if (!order.signal.empty()) body["signal"] = order.signal;
    if (order.all) body["all"] = true;
    if (order.no_shutdown_delay) body["no_shutdown_delay"] = true;
    auto answer = session.client().post("/v1/allocs/" + encode_segment(order.id) + "/" + verb, body.dump());
    if (!answer) return session.fail(answer.error());
    if (session.print_json(*answer)) return kOk;
    const std::string id = short_id(answer->value("id", order.id));
    std::string text = done;
    if (const auto mark = text.find('%'); mark != std::string::npos) text.replace(mark, 1, id);
    session.out(text + "\nWatch it with: drover alloc status " + id + "\n");
    return kOk;
}

void add_alloc_id(CLI::App& verb, AllocOrder& order) {
    verb.add_option("ID", order.id, "the alloc's id, or its beginning")->required()->type_name("");
}

void add_alloc_task(CLI::App& verb, AllocOrder& order) {
    verb.add_option("TASK", order.task, "one of its tasks; all that run when left out")->type_name("");
}

void add_no_shutdown_delay(CLI::App& verb, bool& flag) {
    verb.add_flag("--no-shutdown-delay", flag, "end tasks without their shutdown_delay; also ends one under way");
}

}  // namespace drover::cli
