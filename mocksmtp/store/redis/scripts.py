"""What is executed in Redis: each script changes the keys in one step.

All keys begin with `PREFIX`, whose braces are a hash tag; docs/stores.md lists them.
The first two arguments of a script that changes something are the name of the replica
and the number of its call. The reply is kept under that number for `_REMEMBERED`: if
the call arrives again, because the connection was lost before the reply, the script
returns what it did the first time.

Redis refuses the first write of a script with OOM if `maxmemory` is reached, and no
write after it. A script that must work then, such as one that removes mails, begins
with `FREE`: a write that needs no memory.
"""

from __future__ import annotations

from mocksmtp.store.redis.client import Script

PREFIX = "{mocksmtp}:"
"""The beginning of all keys."""

VERSION = 1
"""The version of the keys."""

_REMEMBERED = 30_000
"""
Milliseconds for which replies are kept; calls are sent again for 5 s at the most. The
time is extended by each eighth call, which takes 8 s at the most: each second a replica
extends its lease.
"""

_COMMON = f"""
local P = '{PREFIX}'
local call = redis.call
local function now()
  local time = call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function number(name, by)
  return call('HINCRBY', P..'numbers', name, by or 1)
end
"""

_FREE = """
call('DEL', P..'none')
"""

_ONCE = f"""
local replica, seq = ARGV[1], tonumber(ARGV[2])
local done = P..'done:'..replica..':'..math.floor(seq / 1024)
local before = call('HGET', done, seq)
if before then return cmsgpack.unpack(before) end
local function finish(reply)
  call('HSET', done, seq, cmsgpack.pack(reply))
  if seq % 8 == 0 or seq == 1 then call('PEXPIRE', done, {_REMEMBERED}) end
  return reply
end
"""

# Mails. A row is a line "WEIGHT RECEIVED REPLICA HOST", and the rest as JSON.
_MAILS = """
local function header(n)
  local row = call('GETRANGE', P..'row:'..n, 0, 400)
  local weight, received, author, host =
    string.match(row, '^(%d+) (%S+) (%S+) ([^\\n]*)\\n')
  return host or '', tonumber(weight or 0), received or 0, author or ''
end
local function account(host)
  local box = call('HMGET', P..'mailbox:'..host,
    'octets', 'total', 'totalOctets', 'evictions', 'evicted')
  return {host, call('ZCARD', P..'mails:'..host), tonumber(box[1] or 0),
    tonumber(box[2] or 0), tonumber(box[3] or 0), tonumber(box[4] or 0),
    tonumber(box[5] or 0)}
end
local function totals()
  local all = call('HMGET', P..'totals', 'octets', 'evictions', 'evicted')
  return {call('ZCARD', P..'mails'), tonumber(all[1] or 0), tonumber(all[2] or 0),
    tonumber(all[3] or 0), tonumber(call('HGET', P..'numbers', 'mail') or 0)}
end
local function accounts(hosts)
  local found = {}
  for host in pairs(hosts) do found[#found + 1] = account(host) end
  return found
end
local function count(host, octets)
  call('HINCRBY', P..'mailbox:'..host, 'octets', octets)
  call('HINCRBY', P..'totals', 'octets', octets)
end
local function evict(n, host, weight)
  call('UNLINK', P..'row:'..n, P..'content:'..n)
  call('ZREM', P..'mails', n)
  call('ZREM', P..'mails:'..host, n)
  count(host, -weight)
  call('HINCRBY', P..'mailbox:'..host, 'evictions', 1)
  call('HSET', P..'mailbox:'..host, 'evicted', n)
  call('HINCRBY', P..'totals', 'evictions', 1)
  local highest = tonumber(call('HGET', P..'totals', 'evicted') or 0)
  if tonumber(n) > highest then call('HSET', P..'totals', 'evicted', n) end
end
local function evict_surplus(max_mails, max_octets, hosts, most)
  local left = most or 200
  while left > 0 do
    local mails = call('ZCARD', P..'mails')
    local octets = tonumber(call('HGET', P..'totals', 'octets') or 0)
    if mails == 0 or (mails <= max_mails and octets <= max_octets) then break end
    local n = call('ZRANGE', P..'mails', 0, 0)[1]
    local host, weight = header(n)
    evict(n, host, weight)
    hosts[host] = true
    left = left - 1
  end
end
"""

KEEP = Script(
    _COMMON
    + _ONCE
    + _MAILS
    + """
local count = (#ARGV - 4) / 5
local first = number('mail', count) - count + 1
local names, boxes, octets = {}, {}, 0
local stored, scores = {}, {}
for i = 0, count - 1 do
  local n, at = first + i, 5 + i * 5
  local host, weight, size = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local box = boxes[host]
  if not box then
    box = {octets = 0, size = 0, scores = {}}
    names[#names + 1], boxes[host] = host, box
  end
  box.octets, box.size = box.octets + weight, box.size + size
  octets = octets + weight
  local mine, s, k = box.scores, i * 4, i * 2
  mine[#mine + 1], mine[#mine + 2] = n, n
  scores[k + 1], scores[k + 2] = n, n
  stored[s + 1], stored[s + 2] = P..'row:'..n, ARGV[at + 3]
  stored[s + 3], stored[s + 4] = P..'content:'..n, ARGV[at + 4]
end
call('MSET', unpack(stored))
call('ZADD', P..'mails', unpack(scores))
local found = {}
for i, host in ipairs(names) do
  local box, key, index = boxes[host], P..'mailbox:'..host, P..'mails:'..host
  local many = #box.scores / 2
  call('ZADD', index, unpack(box.scores))
  local used = call('HINCRBY', key, 'octets', box.octets)
  local total = call('HINCRBY', key, 'total', many)
  if total == many then call('SADD', P..'mailboxes', host) end
  local total_octets = call('HINCRBY', key, 'totalOctets', box.size)
  found[i] = {host, call('ZCARD', index), used, total, total_octets}
end
local mails = call('ZCARD', P..'mails')
local all = call('HINCRBY', P..'totals', 'octets', octets)
if call('EXISTS', P..'watched') == 1 then
  for i = 0, count - 1 do
    call('XADD', P..'arrivals', 'MAXLEN', '~', 10000, (first + i)..'-0', 'f', replica,
      'h', ARGV[5 + i * 5])
  end
end
if mails > tonumber(ARGV[3]) or all > tonumber(ARGV[4]) then
  local hosts = {}
  for _, host in ipairs(names) do hosts[host] = true end
  local most = math.min(200 * count, 800)
  evict_surplus(tonumber(ARGV[3]), tonumber(ARGV[4]), hosts, most)
  return finish({first, accounts(hosts), totals()})
end
return finish({first, found, {mails, all}})
""",
    once=True,
)
"""
Keep mails: the limits of mails and octets; of each mail host, weight, octets, row,
content. Either all or none are kept: only the first write can be refused. Others that
are smaller are evicted for them: 256 KiB has room for 730 mails at the most.

Returns the number of the first, after which the others follow; the counts of their
mailboxes, and the mails and octets of all. If others were evicted, these are the
accounts and the totals.
"""

EVICT_SURPLUS = Script(
    _COMMON
    + _FREE
    + _ONCE
    + _MAILS
    + """
local hosts = {}
evict_surplus(tonumber(ARGV[3]), tonumber(ARGV[4]), hosts)
return finish({accounts(hosts), totals()})
""",
    once=True,
)
"""Evict mails above the limits of mails and octets, some at a time."""

EVICT_OLDER = Script(
    _COMMON
    + _FREE
    + _ONCE
    + _MAILS
    + """
local mine, limit, left = ARGV[3], tonumber(ARGV[4]), 500
local oldest = ''
while true do
  local n = call('ZRANGE', P..'mails:'..mine, 0, 0)[1]
  if not n then break end
  local host, weight, received = header(n)
  if tonumber(received) >= limit or left == 0 then oldest = received break end
  evict(n, host, weight)
  left = left - 1
end
return finish({oldest, accounts({[mine] = true}), totals()})
""",
    once=True,
)
"""Evict the oldest mails of a host before a time; returns the time of the next one."""

_REMOVAL = """
local removal = P..'removal:'..replica..':'..seq
local function register(hosts)
  for host in pairs(hosts) do
    call('HSET', removal..':clears', host, call('HGET', P..'clears', host) or 0)
  end
  call('ZADD', P..'removals', now() + 600000, replica..':'..seq)
end
"""

REMOVE = Script(
    _COMMON
    + _FREE
    + _ONCE
    + _MAILS
    + _REMOVAL
    + """
local index, at_least = P..'mails', tonumber(ARGV[4])
if ARGV[3] ~= '' then index = P..'mails:'..ARGV[3] end
local kept = {}
for n in string.gmatch(ARGV[5], '%d+') do
  if call('ZSCORE', index, n) then kept[#kept + 1] = n end
end
if #kept == 0 or #kept < at_least then return finish({'', {}, totals()}) end
local hosts = {}
for _, n in ipairs(kept) do
  local host, weight = header(n)
  call('ZREM', P..'mails', n)
  call('ZREM', P..'mails:'..host, n)
  count(host, -weight)
  call('ZADD', removal, n, n)
  hosts[host] = true
end
register(hosts)
return finish({table.concat(kept, ' '), accounts(hosts), totals()})
""",
    once=True,
)
"""Remove mails: host or nothing, how many at least, numbers; returns the numbers."""

REMOVE_ALL = Script(
    _COMMON
    + _FREE
    + _ONCE
    + _MAILS
    + _REMOVAL
    + """
local hosts, asked = {}, {ARGV[4]}
if ARGV[4] == '' then asked = call('SMEMBERS', P..'mailboxes') end
for _, host in ipairs(asked) do
  local index = P..'mails:'..host
  hosts[host] = true
  register(hosts)
  call('HINCRBY', P..'clears', host, 1)
  if call('EXISTS', index) == 1 then
    call('ZUNIONSTORE', removal, 2, removal, index)
    call('ZDIFFSTORE', P..'mails', 2, P..'mails', index)
    call('DEL', index)
    local octets = tonumber(call('HGET', P..'mailbox:'..host, 'octets') or 0)
    count(host, -octets)
  end
  if ARGV[3] == '1' then
    call('DEL', P..'mailbox:'..host)
    call('SREM', P..'mailboxes', host)
  end
end
return finish({table.concat(call('ZRANGE', removal, 0, -1), ' '), accounts(hosts),
  totals()})
""",
    once=True,
)
"""Remove all mails: whether the mailbox too (1), its host or nothing for all."""

RESTORE = Script(
    _COMMON
    + _FREE
    + _ONCE
    + _MAILS
    + """
local removal = P..'removal:'..ARGV[3]
local restored, hosts = {}, {}
for _, n in ipairs(call('ZRANGE', removal, 0, -1)) do
  local host, weight = header(n)
  local clears = call('HGET', removal..':clears', host)
  if clears == (call('HGET', P..'clears', host) or '0') then
    call('ZADD', P..'mails', n, n)
    call('ZADD', P..'mails:'..host, n, n)
    call('ZREM', removal, n)
    count(host, weight)
    restored[#restored + 1] = host
    restored[#restored + 1] = n
    hosts[host] = true
  end
end
evict_surplus(tonumber(ARGV[4]), tonumber(ARGV[5]), hosts)
return finish({restored, accounts(hosts), totals()})
""",
    once=True,
)
"""Keep the mails of a removal again: its id, the limits of mails and octets."""

PURGE = Script(
    _COMMON
    + _FREE
    + """
local time = now()
if ARGV[1] ~= '' and call('ZSCORE', P..'removals', ARGV[1]) then
  call('ZADD', P..'removals', 0, ARGV[1])
end
local left = 200
for _, id in ipairs(call('ZRANGEBYSCORE', P..'removals', 0, time, 'LIMIT', 0, 10)) do
  local removal = P..'removal:'..id
  local numbers = call('ZRANGE', removal, 0, left - 1)
  for _, n in ipairs(numbers) do
    call('UNLINK', P..'row:'..n, P..'content:'..n)
    call('ZREM', removal, n)
  end
  left = left - #numbers
  if left <= 0 then return 1 end
  call('ZREM', P..'removals', id)
  call('DEL', removal, removal..':clears')
end
return 0
"""
)
"""Delete mails of a removal, and of those that are over; returns 1 if more are left."""

# Replicas. `live` has the deadline of each; `acks` how far each that follows is.
_REPLICAS = """
local function live(name)
  local deadline = call('ZSCORE', P..'live', name)
  return deadline and tonumber(deadline) > now()
end
local function followers(me)
  local found = {}
  for _, name in ipairs(call('ZRANGEBYSCORE', P..'live', '('..now(), '+inf')) do
    if name ~= me and call('HEXISTS', P..'acks', name) == 1 then
      found[#found + 1] = name
    end
  end
  return found
end
local function hint(name, ...)
  call('XADD', P..'hints:'..name, 'MAXLEN', '~', 1000, number('hint')..'-0', ...)
  call('PEXPIRE', P..'hints:'..name, 60000)
end
local function position()
  return tonumber(call('HGET', P..'numbers', 'control') or 0)
end
local function control(...)
  local place = number('control')
  call('XADD', P..'control', 'MAXLEN', '~', 10000, place..'-0', ...)
  return place
end
local function beat(name, lease)
  call('ZADD', P..'live', now() + lease, name)
end
local function counts_since(since)
  local counts = {}
  for _, index in ipairs({'counted', 'dropped'}) do
    for _, key in ipairs(call('ZRANGEBYSCORE', P..index, '('..since, '+inf')) do
      local kind, name = string.match(key, '^(%S+) (.*)$')
      counts[#counts + 1] = kind
      counts[#counts + 1] = name
      counts[#counts + 1] = call('HGET', P..'state:'..kind, name) or ''
    end
  end
  return tonumber(call('HGET', P..'numbers', 'counted') or 0),
    tonumber(call('HGET', P..'numbers', 'floor') or 0), counts
end
local function offer_turn()
  while true do
    local waiting = call('LPOP', P..'waiting')
    if not waiting then return end
    local name, token = string.match(waiting, '^(%S+) (%S+)$')
    if live(name) then
      call('SET', P..'turn', token, 'PX', tonumber(ARGV[#ARGV]))
      hint(name, 'turn', token)
      return
    end
  end
end
"""

STATE_KINDS = (
    *("host", "extensions", "scenarios", "behaviors", "behavior", "counts", "key"),
    *("record", "policy", "certificate", "service"),
)
"""The kinds of documents that are not part of the log."""

OPEN = Script(
    _COMMON
    + _FREE
    + _MAILS
    + _REPLICAS
    + """
local replica, lease = ARGV[1], tonumber(ARGV[2])
call('SETNX', P..'version', ARGV[3])
call('HSETNX', P..'numbers', 'epoch', ARGV[4])
local others = call('ZRANGEBYSCORE', P..'live', '('..now(), '+inf', 'WITHSCORES')
for i = 1, #others, 2 do hint(others[i], 'beat', '1') end
beat(replica, lease)
local state = {}
for i = 5, #ARGV do state[#state + 1] = call('HGETALL', P..'state:'..ARGV[i]) end
local hosts = {}
for _, host in ipairs(call('SMEMBERS', P..'mailboxes')) do hosts[host] = true end
local numbers = call('HMGET', P..'numbers', 'epoch', 'counted', 'log', 'event')
local tallies = {}
for _, what in ipairs({'seen', 'fired', 'last'}) do
  tallies[#tallies + 1] = call('HGETALL', P..'tallied:'..what)
end
return {position(), numbers, others, state, accounts(hosts), totals(),
  call('ZRANGE', P..'sessions', 0, -1), tallies}
"""
)
"""
Register a replica: name, lease, version, an epoch, kinds of documents.

Returns the position, numbers, the names and deadlines of the other replicas, which are
to extend these now, the documents of each kind, the counts of all mailboxes, the
numbers of the sessions, and of the tallies how often each behavior has matched, how
often it has fired, and when last.
"""

FOLLOW = Script(
    _COMMON
    + _FREE
    + _REPLICAS
    + """
local name, lease, place = ARGV[1], tonumber(ARGV[2]), ARGV[3]
beat(name, lease)
call('HSET', P..'acks', name, place)
return position()
"""
)
"""Begin to follow from a position: name, lease, position; returns the current one."""

BEAT = Script(
    _COMMON
    + _FREE
    + _ONCE
    + _REPLICAS
    + """
local lease = tonumber(ARGV[3])
local lapsed = live(replica) and 0 or 1
beat(replica, lease)
if ARGV[4] ~= '' and call('GET', P..'turn') == ARGV[4] then
  call('PEXPIRE', P..'turn', lease)
end
if ARGV[5] == '1' then call('SET', P..'watched', 1, 'PX', lease) end
if ARGV[6] ~= '' then
  local before = call('HGET', P..'acks', replica)
  if not before then lapsed = 1 end
  if tonumber(before or -1) < tonumber(ARGV[6]) then
    call('HSET', P..'acks', replica, ARGV[6])
  end
end
if (call('MEMORY', 'USAGE', P..'control') or 0) > tonumber(ARGV[7]) then
  local applied = position()
  for _, one in ipairs(followers('')) do
    applied = math.min(applied, tonumber(call('HGET', P..'acks', one)))
  end
  -- The last entry stays, so that others notice that some are gone.
  call('XTRIM', P..'control', 'MINID', math.min(applied + 1, position())..'-0')
end
local left = {}
if ARGV[6] ~= '' then
  for _, one in ipairs(call('ZRANGEBYSCORE', P..'live', 0, now())) do
    left[#left + 1] = one
    call('ZREM', P..'live', one)
    call('HDEL', P..'acks', one)
  end
  while true do
    local one = call('LPOP', P..'left')
    if not one then break end
    left[#left + 1] = one
  end
end
return finish({lapsed, position(), call('EXISTS', P..'watched'),
  call('HGET', P..'numbers', 'epoch') or '',
  call('ZRANGEBYSCORE', P..'live', '('..now(), '+inf'), left})
""",
    once=True,
)
"""
Extend the lease: lease, own turn or nothing, whether it watches, position or nothing,
and the octets of `control` above which entries that all have applied are removed.

Returns whether the lease had lapsed, the position, whether any replica watches, the
epoch (another one if Redis has lost its data), the names of all replicas, and of those
that have left: no other replica gets these.
"""

LEAVE = Script(
    _COMMON
    + _FREE
    + _REPLICAS
    + """
local name = ARGV[1]
call('ZREM', P..'live', name)
if call('HDEL', P..'acks', name) == 1 then
  if #followers(name) > 0 then call('RPUSH', P..'left', name) end
end
call('DEL', P..'hints:'..name)
if ARGV[2] ~= '' and call('GET', P..'turn') == ARGV[2] then
  call('DEL', P..'turn')
  offer_turn()
end
return 0
"""
)
"""Leave: name, own turn or nothing, lease."""

STORE = Script(
    _COMMON
    + _ONCE
    + _REPLICAS
    + """
local token, ends, i = ARGV[3], ARGV[4] == '1', 5
if token ~= '' and call('GET', P..'turn') ~= token then
  return finish({'lost', position()})
end
local function each(act)
  local left = tonumber(ARGV[i])
  i = i + 1
  for _ = 1, left do
    act(ARGV[i], ARGV[i + 1], ARGV[i + 2])
    i = i + 3
  end
end
local function put(kind, name, document)
  if kind == 'counts' or kind == 'behavior' and (document == ''
      or call('HEXISTS', P..'state:'..kind, name) == 0) then
    for _, what in ipairs({'seen', 'fired', 'last'}) do
      call('HDEL', P..'tallied:'..what, name)
    end
  end
  if document == '' then
    call('HDEL', P..'state:'..kind, name)
  else
    call('HSET', P..'state:'..kind, name, document)
  end
end
local fields, place = {}, position()
local function announce(more)
  if #fields > 0 then
    place = control('f', replica, 'w', 'state', 'm', more, unpack(fields))
    fields = {}
  end
end
if ends then call('DEL', P..'none') end
each(function(kind, name, document)
  put(kind, name, document)
  if document == '' then call('ZREM', P..'counted', kind..' '..name) end
  if #fields >= 2000 then announce(1) end
  fields[#fields + 1] = kind..' '..name
  fields[#fields + 1] = document
end)
announce(0)
local version = tonumber(call('HGET', P..'numbers', 'counted') or 0)
if tonumber(ARGV[i]) > 0 then version = number('counted') end
each(function(kind, name, document)
  put(kind, name, document)
  local key = kind..' '..name
  if document == '' then
    call('ZREM', P..'counted', key)
    call('ZADD', P..'dropped', version, key)
  else
    call('ZADD', P..'counted', version, key)
    call('ZREM', P..'dropped', key)
  end
end)
if call('ZCARD', P..'dropped') > 10000 then
  local last = call('ZRANGE', P..'dropped', 4999, 4999, 'WITHSCORES')[2]
  call('ZREMRANGEBYSCORE', P..'dropped', 0, last)
  call('HSET', P..'numbers', 'floor', last)
end
if ends then
  call('DEL', P..'turn')
  offer_turn()
end
return finish({'stored', place, version})
""",
    once=True,
)
"""
Store documents: the turn or nothing, whether it ends, state, counts, lease.

State and counts are each the number of documents, and of each its kind, its name and
the document, or nothing to remove it. Returns `lost` if the turn is another one now;
nothing is stored then.
"""

TAKE = Script(
    _COMMON
    + _FREE
    + _ONCE
    + _REPLICAS
    + """
local token, since, lease = ARGV[3], ARGV[4], tonumber(ARGV[5])
local holder = call('GET', P..'turn')
local me = replica..' '..token
if holder ~= token then
  if not holder then offer_turn() holder = call('GET', P..'turn') end
  if holder and holder ~= token then
    if not call('LPOS', P..'waiting', me) then call('RPUSH', P..'waiting', me) end
    return finish({0, call('PTTL', P..'turn')})
  end
end
call('SET', P..'turn', token, 'PX', lease)
local version, floor, counts = counts_since(since)
return finish({1, position(), version, floor, counts})
""",
    once=True,
)
"""
Take the turn, or wait for it: own token, version of the counts known, lease.

Returns 0 and the milliseconds that the turn of another lasts at the most; or 1, the
position that must be applied, and the counts that have changed since that version.
"""

GIVE_UP = Script(
    _COMMON
    + _FREE
    + _REPLICAS
    + """
call('LREM', P..'waiting', 0, ARGV[1]..' '..ARGV[2])
if call('GET', P..'turn') == ARGV[2] then
  call('DEL', P..'turn')
  offer_turn()
end
return 0
"""
)
"""Wait for a turn no more, or end it: name, token, lease."""

ASK = Script(
    _COMMON
    + _FREE
    + _ONCE
    + _REPLICAS
    + """
local place = control('f', replica, 'w', 'command', 'd', ARGV[3])
return finish({place, followers(replica)})
""",
    once=True,
)
"""Ask all others to perform a command; returns its position, and their names."""

ACK = Script(
    _COMMON
    + _FREE
    + _REPLICAS
    + """
local name, place = ARGV[1], tonumber(ARGV[2])
if call('HEXISTS', P..'acks', name) == 1 then
  call('HSET', P..'acks', name, place)
end
local heard = {}
for i = 3, #ARGV, 3 do
  local asker, at, result = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if result ~= '' then
    call('HSET', P..'answers:'..at, name, result)
    call('PEXPIRE', P..'answers:'..at, 60000)
  end
  if live(asker) then heard[asker] = true end
end
for asker in pairs(heard) do hint(asker, 'ack', place, 'n', name) end
return 0
"""
)
"""
Report that entries of `control` were applied: name, position, and of each entry its
author, position, and the result or nothing.
"""

BEHIND = Script(
    _COMMON
    + _REPLICAS
    + """
local behind = {}
for _, name in ipairs(followers(ARGV[1])) do
  if tonumber(call('HGET', P..'acks', name)) < tonumber(ARGV[2]) then
    behind[#behind + 1] = name
  end
end
return {position(), behind}
"""
)
"""Those others that have not applied a position: own name, position."""

SETTLE = Script(
    _COMMON
    + _FREE
    + _MAILS
    + _REPLICAS
    + """
local names = followers(ARGV[1])
for _, name in ipairs(names) do hint(name, 'hand', ARGV[2], 'n', ARGV[1]) end
local hosts = {}
for _, host in ipairs(call('SMEMBERS', P..'mailboxes')) do hosts[host] = true end
local numbers = call('HMGET', P..'numbers', 'log', 'event')
return {names, accounts(hosts), totals(), tonumber(numbers[1] or 0),
  tonumber(numbers[2] or 0), {counts_since(ARGV[3])}}
"""
)
"""
Ask all others to hand over: own name, number of the request, version of the counts.

Returns their names, the counts of all mailboxes, the last numbers of the log and of
events, and the counts of behaviors that have changed since that version.
"""

HANDED = Script(
    _COMMON
    + _FREE
    + _REPLICAS
    + """
hint(ARGV[2], 'handed', ARGV[3], 'n', ARGV[1])
return 0
"""
)
"""Report that all was handed over: own name, name of the asker, number."""

STATE = Script(
    _COMMON
    + _REPLICAS
    + """
local state = {}
for i = 1, #ARGV do state[#state + 1] = call('HGETALL', P..'state:'..ARGV[i]) end
return {position(), tonumber(call('HGET', P..'numbers', 'counted') or 0), state}
"""
)
"""Read all documents of some kinds, and the position that they belong to."""

LOG = Script(
    _COMMON
    + _ONCE
    + """
local before = tonumber(call('HGET', P..'numbers', 'log') or 0)
local place, i = before, 4
local function log(...)
  place = number('log')
  call('XADD', P..'log', 'MAXLEN', '~', 50000, place..'-0', 'f', replica, ...)
end
local changed, list = {}, {}
for _ = 1, tonumber(ARGV[3]) do
  local n, field, document = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if document == '' then
    call('HDEL', P..'session:'..n, field)
  else
    call('HSET', P..'session:'..n, field, document)
  end
  if not changed[n] then
    changed[n] = true
    list[#list + 1] = n
  end
  i = i + 3
end
for _, n in ipairs(list) do
  if call('EXISTS', P..'session:'..n) == 1 then
    call('ZADD', P..'sessions', n, n)
  else
    call('ZREM', P..'sessions', n)
  end
end
if #list > 0 then log('s', table.concat(list, ' ')) end
while i < #ARGV do
  if ARGV[i] == 't' then
    for _, tally in ipairs(cjson.decode(ARGV[i + 2])) do
      local path, seen, fired, last = unpack(tally)
      if call('HEXISTS', P..'state:behavior', path) == 1 then
        call('HINCRBY', P..'tallied:seen', path, seen)
        call('HINCRBY', P..'tallied:fired', path, fired)
        local before = tonumber(call('HGET', P..'tallied:last', path) or 0)
        if type(last) == 'number' and last > before then
          call('HSET', P..'tallied:last', path, string.format('%.6f', last))
        end
      end
    end
  end
  log(ARGV[i], ARGV[i + 1], 'd', ARGV[i + 2])
  i = i + 3
end
return finish({before, place})
""",
    once=True,
)
"""
Add to the log: the number of documents of sessions, and of each the number of the
session, its kind and name, and the document or nothing; then queries (``q``, number,
document) and tallies (``t``, nothing, document).

Returns the position of the log before and after.
"""

WATCH = Script(
    _COMMON
    + _FREE
    + _MAILS
    + _REPLICAS
    + """
call('SET', P..'watched', 1, 'PX', ARGV[2])
for _, one in ipairs(followers('')) do hint(one, 'watch', '1') end
local since = tonumber(ARGV[3])
local last = call('XREVRANGE', P..'arrivals', '+', '-', 'COUNT', 1)[1]
if last then since = math.max(since, tonumber(string.match(last[1], '^%d+'))) end
local found = call('ZRANGEBYSCORE', P..'mails', '('..since, '+inf', 'LIMIT', 0, 1000)
for _, n in ipairs(found) do
  local host, _, _, author = header(n)
  call('XADD', P..'arrivals', 'MAXLEN', '~', 10000, n..'-0', 'f', author, 'h', host)
end
return 0
"""
)
"""
Begin to watch: name, lease, number of a mail; those above it count as arriving now.
"""

PUBLISH = Script(
    _COMMON
    + _ONCE
    + """
for i = 3, #ARGV do
  local n = number('event')
  call('XADD', P..'events', 'MAXLEN', '~', 10000, n..'-0', 'd', ARGV[i])
end
return finish({#ARGV - 2})
""",
    once=True,
)
"""Publish events."""

MAILS = (KEEP, EVICT_SURPLUS, EVICT_OLDER, REMOVE, REMOVE_ALL, RESTORE, PURGE)
REPLICAS = (
    *(OPEN, FOLLOW, BEAT, LEAVE, STORE, TAKE, GIVE_UP, ASK, ACK, BEHIND, SETTLE),
    *(HANDED, STATE, LOG, WATCH, PUBLISH),
)
