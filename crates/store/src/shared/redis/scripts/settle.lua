-- Takes more of limits, or gives back, whatever there is.
-- KEYS: a counter for each limit.
-- ARGV: the moment after which nobody waits for the answer (microseconds), then for each limit: its kind
--       ('r' rolling, 'p' period), capacity, how much more (negative: to give back), window (microseconds).
-- Answers 1, or -1 (too late). A period without a counter is left without: it begins with what the database says.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
if now > tonumber(ARGV[1]) then return -1 end

for i = 1, #KEYS do
  local at = 4 * i - 2
  local capacity, more, window = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  if ARGV[at] == 'r' then
    local known = redis.call('HMGET', KEYS[i], 'taken', 'at')
    local passed = math.max(0, now - (tonumber(known[2]) or now))
    local taken = math.max(0, (tonumber(known[1]) or 0) - passed * capacity / window)
    taken = math.max(0, taken + more)
    redis.call('HSET', KEYS[i], 'taken', string.format('%.17g', taken), 'at', string.format('%.0f', now))
    redis.call('PEXPIRE', KEYS[i], math.ceil(window / 1000 * math.max(1, taken / math.max(1, capacity))) + 1000)
  elseif redis.call('EXISTS', KEYS[i]) == 1 then
    if redis.call('INCRBY', KEYS[i], ARGV[at + 2]) < 0 then redis.call('SET', KEYS[i], 0, 'KEEPTTL') end
  end
end
return 1
