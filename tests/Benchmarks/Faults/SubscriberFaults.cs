using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Benchmarks.Faults;

/// <summary>Subscribers that are slow in every way, beside one that is not.</summary>
internal static class SubscriberFaults
{
    public static Task<FaultRow> NeverAnswersAsync() =>
        SlowAsync("A subscriber that accepts the connection and never answers", static (_, ended) => Task.Delay(Timeout.Infinite, ended), "timeout");

    public static Task<FaultRow> OneByteASecondAsync() => SlowAsync(
        "A subscriber that sends its answer's head at 1 byte per second",
        static async (stream, ended) =>
        {
            foreach (var one in FaultStage.Utf8("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
            {
                await stream.WriteAsync(new[] { one }, ended);
                await Task.Delay(1000, ended);
            }
        },
        "timeout");

    public static Task<FaultRow> SlowBodyAsync() => SlowAsync(
        "A subscriber that answers 200 at once and sends the body at 1 byte per second",
        static async (stream, ended) =>
        {
            await stream.WriteAsync(FaultStage.Utf8("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"), ended);
            while (true)
            {
                await stream.WriteAsync("x"u8.ToArray(), ended);
                await Task.Delay(1000, ended);
            }
        },
        "delivered");

    private static async Task<FaultRow> SlowAsync(string fault, Func<NetworkStream, CancellationToken, Task> answer, string expected)
    {
        const int Events = 100;
        using var ended = new CancellationTokenSource();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var held = 0;
        var serving = ServeAsync();

        await using var receiver = await CrashReceiver.StartAsync(5);
        receiver.RefuseOneIn = int.MaxValue;
        await using var hub = await HubProcess.StartAsync(variables: new Dictionary<string, string> { ["HUB_DELIVERY__TIMEOUT"] = "00:00:03" });
        var connection = await hub.CreateStripeConnectionAsync();
        await hub.SubscribeAsync("stripe.**", receiver.Address);
        var (slow, _) = await hub.SubscribeAsync("stripe.**", new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/"));
        var before = hub.WorkingSet;
        var stage = new FaultStage();
        var clock = Stopwatch.StartNew();
        await stage.SendAsync(hub, connection, Events);
        var accepted = clock.Elapsed;
        var missing = await stage.MissingAsync(receiver, TimeSpan.FromSeconds(30));
        var others = clock.Elapsed;

        // As many attempts as may run at once, and those have ended and are recorded.
        List<JsonElement> deliveries = [];
        await FaultStage.UntilAsync(
            async () =>
            {
                deliveries = await hub.ListAsync($"/api/deliveries?subscription={slow}");
                return deliveries.Count(delivery => delivery.GetProperty("attempts").GetInt32() > 0) >= Math.Max(1, held);
            },
            TimeSpan.FromMinutes(1));
        var seen = clock.Elapsed;
        var memory = hub.WorkingSet - before;
        var outcome = "none";
        if (deliveries.Find(delivery => delivery.GetProperty("attempts").GetInt32() > 0) is { ValueKind: JsonValueKind.Object } tried)
        {
            var attempts = (await hub.GetAsync($"/api/deliveries/{FaultStage.Text(tried, "id")}")).GetProperty("attempts");
            outcome = attempts.GetArrayLength() > 0 ? FaultStage.Text(attempts[0], "outcome") : "none";
        }

        var states = string.Join(", ", deliveries.GroupBy(delivery => FaultStage.Text(delivery, "status")).OrderBy(group => group.Key).Select(group => $"{group.Count()} {group.Key}"));
        var stop = Stopwatch.StartNew();
        await hub.StopAsync();
        var stopped = stop.Elapsed;
        await ended.CancelAsync();
        listener.Stop();
        await serving;
        hub.DeleteData();
        return new FaultRow(
            fault,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{Events} webhooks: {stage.Told()} in {accepted.TotalSeconds:0.0} s; the other subscriber had all but {missing} after {others.TotalSeconds:0.0} s. At the slow one each attempt ends after the timeout (3 s here) as `{outcome}`, at most {held} connections at once; after {seen.TotalSeconds:0} s: {states}. Memory {memory / 1048576:+0;-0} MB. The hub stops in {stopped.TotalSeconds:0.0} s"),
            missing == 0 && outcome == expected && stopped < TimeSpan.FromSeconds(30));

        async Task ServeAsync()
        {
            var open = 0;
            while (true)
            {
                try
                {
                    var client = await listener.AcceptTcpClientAsync(ended.Token);
                    held = Math.Max(held, Interlocked.Increment(ref open));
                    _ = Task.Run(async () =>
                    {
                        using (client)
                        {
                            try
                            {
                                var stream = client.GetStream();
                                var buffer = new byte[16 * 1024];
                                _ = await stream.ReadAtLeastAsync(buffer, 1, throwOnEndOfStream: false, ended.Token);

                                // Until the hub closes its side.
                                await await Task.WhenAny(answer(stream, ended.Token), stream.ReadAsync(buffer, ended.Token).AsTask());
                            }
                            catch (Exception exception) when (exception is IOException or OperationCanceledException or SocketException)
                            {
                                // The hub had enough.
                            }
                            finally
                            {
                                Interlocked.Decrement(ref open);
                            }
                        }
                    });
                }
                catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
                {
                    return;
                }
            }
        }
    }
}
