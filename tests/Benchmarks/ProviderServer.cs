using System.Globalization;
using System.Text;

namespace IntegrationHub.Benchmarks;

/// <summary>A provider on loopback, in a process of its own: answers 1 KB of JSON at once, and never at <c>/hang</c>.</summary>
internal static class ProviderServer
{
    private static readonly byte[] Answer = Encoding.UTF8.GetBytes(
        $$"""{"id":"ch_1","object":"charge","amount":2000,"currency":"sar","paid":true,"description":"{{new string('d', 820)}}","metadata":{"order":"4711","channel":"web"},"created":1760000000}""".PadRight(1024));

    public static async Task<int> RunAsync(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, port));
        var app = builder.Build();
        app.Run(async context =>
        {
            if (context.Request.Path.StartsWithSegments("/hang", StringComparison.Ordinal))
            {
                // Without an exception: what the caller's hanging up costs this process would be charged to the other provider, which it is too.
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return;
            }

            context.Response.ContentType = "application/json";
            context.Response.ContentLength = Answer.Length;
            await context.Response.Body.WriteAsync(Answer, context.RequestAborted);
        });
        await app.RunAsync();
        return 0;
    }

    /// <summary>Starts one, and waits until it answers.</summary>
    public static Task<System.Diagnostics.Process> StartAsync(int port) => StartAsync("provider-server", port.ToString(CultureInfo.InvariantCulture));

    /// <summary>Starts this program with a server's command, whose first argument is the port, and waits until it listens.</summary>
    public static async Task<System.Diagnostics.Process> StartAsync(string command, params string[] arguments)
    {
        var port = int.Parse(arguments[0], CultureInfo.InvariantCulture);
        var start = new System.Diagnostics.ProcessStartInfo(Environment.ProcessPath!, [command, .. arguments]);
        start.Environment["DOTNET_gcServer"] = "0";
        var server = System.Diagnostics.Process.Start(start)!;
        for (var i = 0; ; i++)
        {
            try
            {
                using var client = new System.Net.Sockets.TcpClient();
                await client.ConnectAsync(System.Net.IPAddress.Loopback, port);
                return server;
            }
            catch (System.Net.Sockets.SocketException) when (i < 200)
            {
                await Task.Delay(50);
            }
        }
    }
}
