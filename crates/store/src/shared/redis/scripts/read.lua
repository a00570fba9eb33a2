-- A part of a stream.
-- KEYS: what is known of the stream, and its events.
-- ARGV: the number of the event to read after, and how many.
-- Answers nothing for an unknown stream; else the number of the first event, that of the stream's last, whether
-- it has ended (1, 0), and the events.
local known = redis.call('HMGET', KEYS[1], 'last', 'closed')
if not known[1] then return false end
local last = tonumber(known[1])
local oldest = last - redis.call('LLEN', KEYS[2]) + 1
local first = math.max(oldest, tonumber(ARGV[1]) + 1)
local from = first - oldest
return {first, last, tonumber(known[2]) or 0, redis.call('LRANGE', KEYS[2], from, from + tonumber(ARGV[2]) - 1)}
