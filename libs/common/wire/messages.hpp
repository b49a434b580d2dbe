// The list of every message type, for what is made once per type (codec, fuzz targets, wire.lock).
#pragma once

#include "wire/audit.hpp"
#include "wire/desired.hpp"
#include "wire/driver.hpp"
#include "wire/envelope.hpp"
#include "wire/log.hpp"
#include "wire/observed.hpp"
#include "wire/peer.hpp"
#include "wire/request.hpp"
#include "wire/session.hpp"
#include "wire/status.hpp"
#include "wire/usage.hpp"

// clang-format off
#define WIRE_MESSAGES(X) \
    X(JobSpec)           \
    X(JobDesired)        \
    X(AllocDesired)      \
    X(AllocOrder)        \
    X(TaskCommand)       \
    X(VariableDesired)   \
    X(NodeOrder)         \
    X(Members)           \
    X(TaskObserved)      \
    X(NodeObserved)      \
    X(NodeStatus)        \
    X(TaskStatus)        \
    X(AllocStatus)       \
    X(TaskEvent)         \
    X(AllocReport)       \
    X(AllocRecorded)     \
    X(CollectedAlloc)    \
    X(Request)           \
    X(Answer)            \
    X(LogRead)           \
    X(LogChunk)          \
    X(TaskOutput)        \
    X(SessionDesired)    \
    X(SessionObserved)   \
    X(TaskUsage)         \
    X(NodeUsage)         \
    X(DeviceUsage)       \
    X(Reservation)       \
    X(PeerAddress)       \
    X(Envelope)          \
    X(Vector)            \
    X(DriverTask)        \
    X(DriverCall)        \
    X(DriverAnswer)      \
    X(AuditRecord)
// clang-format on
