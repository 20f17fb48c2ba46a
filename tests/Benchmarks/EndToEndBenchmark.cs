using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using IntegrationHub.Benchmarks.Reporting;

namespace IntegrationHub.Benchmarks;

/// <summary>From a provider's POST to the subscriber's receipt at a steady rate, beside a bare forwarder that verifies, signs and posts at once, and stores nothing.</summary>
internal static class EndToEndBenchmark
{
    public static async Task<int> RunAsync(EventBenchOptions options)
    {
        Console.WriteLine($"end-to-end: {options.Rate} events/s for {options.Seconds} s, {DeliveryBenchmark.Hardware()}; load before the run: {Machine.Load}");
        await using var receiver = await EventReceiver.StartAsync();
        var baseline = await ForwarderAsync(receiver, options);
        Print("bare forwarder", baseline);

        receiver.Forget();
        await using var hub = await DeliveryBenchmark.StartHubAsync(new() { ["HUB_DELIVERY__CONCURRENCYPERENDPOINT"] = DeliveryBenchmark.Text(options.Concurrency) });
        var connection = await DeliveryBenchmark.ConnectAsync(hub, receiver.Url);
        using var process = Process.GetProcessById(hub.Id);
        var cpu = process.TotalProcessorTime;
        var clock = Stopwatch.StartNew();
        var result = await MeasureAsync(hub.Address.Port, $"/v1/webhooks/stripe/{connection}", receiver, options);
        process.Refresh();
        Print("hub", result);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"hub: {(process.TotalProcessorTime - cpu).TotalSeconds / clock.Elapsed.TotalSeconds:0.00} cores, {hub.WorkingSet / 1048576} MB resident"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"p99 is {result.Percentile(0.99) / baseline.Percentile(0.99):0.0} times that of the forwarder"));
        await DeliveryBenchmark.UntilRecordedAsync(hub);
        var doubled = receiver.Total - receiver.FirstAt.Count;
        Console.WriteLine($"acknowledged {result.Sent}, lost {result.Lost}, doubled {doubled}, unsigned {receiver.Unsigned}; load after the run: {Machine.Load}");
        await hub.StopAsync();
        hub.DeleteData();
        Figure At(string name, double share) => Figure.Against(name, result.Percentile(share), baseline.Percentile(share), "ms");
        Figures.Add(
            At("POST to receipt, p50", 0.5) with { Meaning = "From the provider's POST to the subscriber's receipt, two durable commits on the way. The baseline is a forwarder that verifies, signs and posts, and stores nothing." },
            At("POST to receipt, p90", 0.9),
            At("POST to receipt, p99", 0.99) with { Limit = Limit.Most(250), Meaning = $"At a steady {options.Rate} events a second." },
            At("POST to receipt, p99.9", 0.999),
            At("POST to receipt, longest", 1),
            new Figure("acknowledged", result.Sent, "events"),
            Figure.Lost(result.Lost, "acknowledged and not delivered"),
            Figure.Doubled(doubled, "delivered twice"));
        return result.Lost == 0 && doubled == 0 ? 0 : 1;
    }

    /// <summary>The baseline: verifies as the hub does, signs, posts, and answers when the subscriber has.</summary>
    public static async Task<int> ServeForwarderAsync(int port, string url)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        var app = builder.Build();
        var key = Encoding.UTF8.GetBytes(StripeLoad.Secret);
        var secret = Webhooks.StandardWebhooks.NewSecret();
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false, ActivityHeadersPropagator = null });
        app.MapPost("/{**any}", async context =>
        {
            using var buffer = new MemoryStream();
            await context.Request.Body.CopyToAsync(buffer, context.RequestAborted);
            var header = context.Request.Headers["Stripe-Signature"].ToString();
            var comma = header.IndexOf(',', StringComparison.Ordinal);
            byte[] signed = [.. Encoding.ASCII.GetBytes(header[2..comma] + "."), .. buffer.ToArray()];
            if (!CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(key, signed), Convert.FromHexString(header.AsSpan(comma + 4))))
            {
                context.Response.StatusCode = 401;
                return;
            }

            var data = Encoding.UTF8.GetString(buffer.ToArray());
            var id = data.Substring(data.IndexOf("evt_", StringComparison.Ordinal), 24);
            var body = Encoding.UTF8.GetBytes("{\"providereventid\":\"" + id + "\",\"data\":" + data + "}");
            using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
            foreach (var (name, value) in Webhooks.StandardWebhooks.Headers(id, TimeProvider.System.GetUtcNow(), body, secret))
                request.Headers.TryAddWithoutValidation(name, value);
            using var answer = await client.SendAsync(request, context.RequestAborted);
            context.Response.StatusCode = (int)answer.StatusCode;
        });
        await app.RunAsync();
        return 0;
    }

    private static async Task<EndToEndResult> ForwarderAsync(EventReceiver receiver, EventBenchOptions options)
    {
        var port = Tests.Support.HubProcess.FreePort();
        using var server = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["event-forwarder", DeliveryBenchmark.Text(port), receiver.Url]))!;
        try
        {
            for (var i = 0; ; i++)
            {
                try
                {
                    using var client = new System.Net.Sockets.TcpClient();
                    await client.ConnectAsync(IPAddress.Loopback, port);
                    break;
                }
                catch (System.Net.Sockets.SocketException) when (i < 200)
                {
                    await Task.Delay(50);
                }
            }

            return await MeasureAsync(port, "/v1/webhooks/stripe/conn", receiver, options);
        }
        finally
        {
            server.Kill();
        }
    }

    private static async Task<EndToEndResult> MeasureAsync(int port, string path, EventReceiver receiver, EventBenchOptions options)
    {
        var load = new StripeLoad(port, path, TimeProvider.System);
        var warm = new ConcurrentDictionary<string, long>();
        await load.RunPacedAsync(options.Connections, options.Rate, TimeSpan.FromSeconds(options.Warmup), warm);
        var sent = new ConcurrentDictionary<string, long>();
        var late = await load.RunPacedAsync(options.Connections, options.Rate, TimeSpan.FromSeconds(options.Seconds), sent);
        for (var i = 0; i < 1200 && sent.Keys.Concat(warm.Keys).Any(id => !receiver.FirstAt.ContainsKey(id)); i++)
            await Task.Delay(25);

        double[] latencies = [.. sent.Where(one => receiver.FirstAt.ContainsKey(one.Key)).Select(one => Stopwatch.GetElapsedTime(one.Value, receiver.FirstAt[one.Key]).TotalMilliseconds).Order()];
        return new EndToEndResult(sent.Count, sent.Keys.Concat(warm.Keys).Count(id => !receiver.FirstAt.ContainsKey(id)), latencies, late);
    }

    private static void Print(string name, EndToEndResult result) =>
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name}: {result.Sent} events, p50 {result.Percentile(0.5):0.0} ms, p90 {result.Percentile(0.9):0.0} ms, p99 {result.Percentile(0.99):0.0} ms, p99.9 {result.Percentile(0.999):0.0} ms, max {result.Percentile(1):0.0} ms; sent late by at most {result.LateMs:0.0} ms, {result.Lost} lost"));

    private sealed record EndToEndResult(int Sent, int Lost, double[] LatenciesMs, double LateMs)
    {
        public double Percentile(double share) => LatenciesMs.Length == 0 ? double.NaN : LatenciesMs[Math.Min(LatenciesMs.Length - 1, (int)(LatenciesMs.Length * share))];
    }
}
