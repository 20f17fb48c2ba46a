using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;

namespace IntegrationHub.Benchmarks;

/// <summary>What a run of calls came to; latencies in milliseconds, sorted.</summary>
internal sealed record CallResult(double[] Latencies, int Failed, TimeSpan Elapsed)
{
    public double PerSecond => Latencies.Length / Elapsed.TotalSeconds;

    public double At(double share) => Latencies.Length == 0 ? double.NaN : Latencies[Math.Min(Latencies.Length - 1, (int)(Latencies.Length * share))];
}

/// <summary>Calls with <see cref="HttpClient"/>, over as many keep-alive connections as there are callers.</summary>
internal static class OperationLoad
{
    /// <summary>
    /// A fixed rate, whatever the answers do: each call has a time at which it is due, and its latency is counted from there, so that a stall is charged to every call that it held up
    /// (no coordinated omission). Each caller is a thread of its own that sleeps exactly and calls synchronously: timers of the pool would add their own millisecond.
    /// </summary>
    public static CallResult AtRate(Func<HttpRequestMessage> request, int perSecond, int callers, TimeSpan duration)
    {
        using var client = Client(callers);
        var latencies = new List<double>[callers];
        var failed = 0;
        var interval = (long)(Stopwatch.Frequency / (double)perSecond);
        var begin = Stopwatch.GetTimestamp() + (Stopwatch.Frequency / 10);
        var calls = (int)(duration.TotalSeconds * perSecond / callers);
        var threads = Enumerable.Range(0, callers).Select(caller => new Thread(() =>
        {
            var mine = latencies[caller] = new List<double>(calls);
            var buffer = new byte[64 * 1024];
            for (var i = 0; i < calls; i++)
            {
                var due = begin + (((long)i * callers) + caller) * interval;
                SleepUntil(due);
                using var message = request();
                try
                {
                    using var answer = client.Send(message, HttpCompletionOption.ResponseHeadersRead);
                    using var body = answer.Content.ReadAsStream();
                    while (body.Read(buffer) > 0)
                    {
                        // To its end.
                    }

                    if (answer.StatusCode != HttpStatusCode.OK)
                        Interlocked.Increment(ref failed);
                }
                catch (HttpRequestException)
                {
                    Interlocked.Increment(ref failed);
                }

                mine.Add(Stopwatch.GetElapsedTime(due).TotalMilliseconds);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        double[] sorted = [.. latencies.SelectMany(list => list)];
        Array.Sort(sorted);
        return new CallResult(sorted, failed, duration);
    }

    /// <summary>As fast as the answers come, each caller one call after the other.</summary>
    /// <param name="request">Makes the request.</param>
    /// <param name="callers">How many.</param>
    /// <param name="duration">How long.</param>
    public static async Task<CallResult> SaturatedAsync(Func<HttpRequestMessage> request, int callers, TimeSpan duration)
    {
        using var client = Client(callers);
        var failed = 0;
        var clock = Stopwatch.StartNew();
        var all = await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            var mine = new List<double>();
            var buffer = new byte[64 * 1024];
            while (clock.Elapsed < duration)
            {
                var begun = Stopwatch.GetTimestamp();
                using var message = request();
                try
                {
                    using var answer = await client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead);
                    await using var body = await answer.Content.ReadAsStreamAsync();
                    while (await body.ReadAsync(buffer) > 0)
                    {
                        // To its end.
                    }

                    if (answer.StatusCode != HttpStatusCode.OK)
                        Interlocked.Increment(ref failed);
                }
                catch (HttpRequestException)
                {
                    Interlocked.Increment(ref failed);
                }

                mine.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            }

            return mine;
        })));
        var elapsed = clock.Elapsed;
        double[] sorted = [.. all.SelectMany(list => list)];
        Array.Sort(sorted);
        return new CallResult(sorted, failed, elapsed);
    }

    /// <summary>A client with as many keep-alive connections at the most.</summary>
    public static HttpClient Client(int callers) => new(new SocketsHttpHandler { MaxConnectionsPerServer = callers, UseProxy = false, AllowAutoRedirect = false, UseCookies = false, ActivityHeadersPropagator = null })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Until a timestamp, exactly.</summary>
    public static void SleepUntil(long due)
    {
        while (due - Stopwatch.GetTimestamp() is > 0 and var left)
        {
            var micros = left * 1_000_000 / Stopwatch.Frequency;
            if (!OperatingSystem.IsLinux())
                Thread.Sleep((int)(micros / 1000));
            else if (micros > 60)
                _ = NativeMethods.usleep((uint)(micros - 60));
            else
                Thread.SpinWait(20);
        }
    }

    private static class NativeMethods
    {
        [DllImport("libc")]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int usleep(uint microseconds);
    }
}
