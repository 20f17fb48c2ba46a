using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IntegrationHub.Tests.Support;
using RabbitMQ.Client;

namespace IntegrationHub.Host.Tests.Targets;

[CollectionDefinition(Name)]
public sealed class RabbitMqCollection : ICollectionFixture<RabbitMqServer>
{
    public const string Name = "RabbitMQ";
}

/// <summary>
/// A real RabbitMQ server (Debian's rabbitmq-server) on ports of loopback, with a data folder of its own, run by whoever runs the tests. Started once for all tests that need it.
/// </summary>
public sealed class RabbitMqServer : IAsyncLifetime, IDisposable
{
    private const string Missing = "RabbitMQ is not installed: install the Debian package rabbitmq-server.";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(120);

    private readonly string folder = Directory.CreateTempSubdirectory("hub-rabbitmq-").FullName;
    private readonly System.Text.StringBuilder output = new();
    private readonly string? program = Find();
    private Process? process;
    private int mapperPort;

    public int Port { get; private set; }

    public int TlsPort { get; private set; }

    public string Url => string.Create(CultureInfo.InvariantCulture, $"amqp://127.0.0.1:{Port}");

    /// <summary>Skips the test where there is no server, or fails it where everything is required.</summary>
    public void Require() => IntegrationHub.Tests.Support.Require.That(program is not null, Missing);

    public async Task InitializeAsync()
    {
        if (program is null)
            return;

        (Port, TlsPort, mapperPort, var distribution) = (FreePort(), FreePort(), FreePort(), FreePort());
        WriteCertificate();
        var settings = At("rabbitmq.conf");
        await File.WriteAllTextAsync(settings, string.Create(CultureInfo.InvariantCulture, $"""
            listeners.tcp.1 = 127.0.0.1:{Port}
            listeners.ssl.1 = 127.0.0.1:{TlsPort}
            ssl_options.certfile = {At("certificate.pem")}
            ssl_options.keyfile = {At("key.pem")}
            log.console = true
            log.console.level = warning
            log.file = false

            """));
        await File.WriteAllTextAsync(At("plugins"), "[].");
        await File.WriteAllTextAsync(At("env.conf"), "");

        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = folder };
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["HOME"] = folder,
            ["RABBITMQ_NODENAME"] = $"hub{Port}@localhost",
            ["RABBITMQ_CONF_ENV_FILE"] = At("env.conf"),
            ["RABBITMQ_CONFIG_FILE"] = settings,
            ["RABBITMQ_MNESIA_BASE"] = At("data"),
            ["RABBITMQ_LOG_BASE"] = At("log"),
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = At("plugins"),
            ["RABBITMQ_PID_FILE"] = At("pid"),
            ["RABBITMQ_DIST_PORT"] = distribution.ToString(CultureInfo.InvariantCulture),
            ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
            ["ERL_EPMD_PORT"] = mapperPort.ToString(CultureInfo.InvariantCulture),
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
        })
            start.Environment[name] = value;

        process = new Process { StartInfo = start };
        process.OutputDataReceived += Append;
        process.ErrorDataReceived += Append;
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await WaitUntilReadyAsync();
    }

    /// <summary>A connection for the test's own use.</summary>
    public Task<IConnection> ConnectAsync() => new ConnectionFactory { HostName = "127.0.0.1", Port = Port, AutomaticRecoveryEnabled = false }.CreateConnectionAsync("test");

    public async Task DisposeAsync()
    {
        if (process is not null)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            await StopMapperAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    public void Dispose() => process?.Dispose();

    private static string? Find() =>
        Directory.Exists("/usr/lib/rabbitmq/lib")
            ? Directory.EnumerateDirectories("/usr/lib/rabbitmq/lib", "rabbitmq_server-*").Select(version => Path.Combine(version, "sbin", "rabbitmq-server")).FirstOrDefault(File.Exists)
            : null;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private string At(string name) => Path.Combine(folder, name);

    private void Append(object sender, DataReceivedEventArgs line)
    {
        lock (output)
            output.AppendLine(line.Data);
    }

    private async Task WaitUntilReadyAsync()
    {
        for (var since = Stopwatch.StartNew(); since.Elapsed < StartLimit && !process!.HasExited;)
        {
            try
            {
                await using var connection = await ConnectAsync();
                return;
            }
            catch (Exception)
            {
                await Task.Delay(100);
            }
        }

        throw new InvalidOperationException($"RabbitMQ did not start.\n{output}");
    }

    // Erlang's port mapper is a daemon that outlives the server.
    private async Task StopMapperAsync()
    {
        if (Directory.Exists("/usr/lib/erlang") && Directory.EnumerateFiles("/usr/lib/erlang", "epmd", SearchOption.AllDirectories).FirstOrDefault() is { } mapper)
        {
            using var stop = Process.Start(new ProcessStartInfo(mapper, "-kill")
            {
                Environment = { ["ERL_EPMD_PORT"] = mapperPort.ToString(CultureInfo.InvariantCulture) }, RedirectStandardOutput = true, RedirectStandardError = true,
            })!;
            await stop.WaitForExitAsync();
        }
    }

    private void WriteCertificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        File.WriteAllText(At("certificate.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(At("key.pem"), key.ExportPkcs8PrivateKeyPem());
    }
}
