-- Adds events to the end of a stream.
-- KEYS: what is known of the stream, and its events.
-- ARGV: the number of the first event, whether the stream ends (1, 0), whether earlier events are lost for good
--       (1, 0), for how long it is kept (milliseconds), how many events and bytes it keeps, the channel of those
--       who wait for it, then the events.
-- Answers the number of the stream's last event: less than the first minus one when earlier ones are wanted first.
local known = redis.call('HMGET', KEYS[1], 'last', 'bytes', 'closed')
local last, bytes = tonumber(known[1]) or 0, tonumber(known[2]) or 0
if known[3] == '1' then return last end
if not known[1] then redis.call('DEL', KEYS[2]) end

local first = tonumber(ARGV[1])
if first > last + 1 then
  if ARGV[3] == '0' then return last end
  redis.call('DEL', KEYS[2])
  last, bytes = first - 1, 0
end
for i = 8 + last + 1 - first, #ARGV do
  redis.call('RPUSH', KEYS[2], ARGV[i])
  last, bytes = last + 1, bytes + #ARGV[i]
end
while redis.call('LLEN', KEYS[2]) > tonumber(ARGV[5]) or bytes > tonumber(ARGV[6]) do
  local oldest = redis.call('LPOP', KEYS[2])
  if not oldest then break end
  bytes = bytes - #oldest
end
redis.call('HSET', KEYS[1], 'last', last, 'bytes', bytes, 'closed', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
redis.call('PUBLISH', ARGV[7], last)
return last
