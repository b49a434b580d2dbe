// /v1/audit: who asked for what, as it is recorded.
#include "gateway/routes.hpp"

namespace drover::gateway {
namespace {

constexpr std::uint64_t kMaxAuditLimit = 200;

Json mark_view(const wire::AuditMark& mark) { return {{"number", mark.number}, {"hash", mark.hash}}; }

// All that its hash is made of, so that whoever reads it can check it.
Json audit_view(const wire::AuditRecord& record) {
    return {{"number", record.number},     {"time", record.time.ns},  {"who", record.who},
            {"verb", record.verb},         {"object", record.object}, {"detail", record.detail},
            {"accepted", record.accepted}, {"error", record.error},   {"hash", record.hash}};
}

}  // namespace

// Records above `since`, oldest first; "more": ask again with since = "next".
Reply list_audit(const Context& context, const Call& call) {
    if (auto known = call.allow({"since", "limit"}); !known) return error_reply(known.error());
    const auto since = call.number("since", 0);
    const auto limit = call.number("limit", 100);
    if (!since) return error_reply(since.error());
    if (!limit) return error_reply(limit.error());
    if (*limit < 1 || *limit > kMaxAuditLimit)
        return error_reply(Error{ErrorKind::invalid, "the parameter \"limit\" must be from 1 to 200"});
    wire::Request request;
    request.ask = wire::Ask::audit;
    request.since = *since;
    request.limit = static_cast<std::uint32_t>(*limit);
    auto answer = context.backend.ask(std::move(request));
    if (!answer) return error_reply(answer.error());
    const wire::AuditPage page = answer->audit.value_or(wire::AuditPage{});
    Json list = Json::array();
    for (const wire::AuditRecord& record : page.records) list.push_back(audit_view(record));
    return json_reply(Json{{"records", std::move(list)},
                           {"next", answer->next},
                           {"more", answer->more},
                           {"floor", mark_view(page.floor)},
                           {"head", mark_view(page.head)}});
}

}  // namespace drover::gateway
