using System.Runtime.InteropServices;
using IntegrationHub.Host.Plugins;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Host.Storage;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Hosting;

/// <summary>The life of the process: configure, open, serve, drain.</summary>
internal static class HubProgram
{
    public static async Task<int> RunAsync(Func<WebApplication> build)
    {
        // A pattern in a manifest or a schema must not hold a thread: no regular expression of this process runs longer.
        AppDomain.CurrentDomain.SetData("REGEX_DEFAULT_MATCH_TIMEOUT", TimeSpan.FromSeconds(1));

        // As early as can be: from the first plugin on, threads may throw that are not the hub's.
        StrayExceptions.Install();

        WebApplication? app = null;
        try
        {
            app = build();
            await StartAsync(app);
            app.Services.GetRequiredService<StartBanner>().Write(Console.Out);
            await app.WaitForShutdownAsync(CancellationToken.None);
            return ExitCodes.Success;
        }
        catch (OperationCanceledException) when (app?.Lifetime.ApplicationStopping.IsCancellationRequested == true)
        {
            // Told to stop while it was starting.
            return ExitCodes.Success;
        }
        catch (Exception exception)
        {
            // What runs already is told that this is the end, and does not report it as a fault.
            app?.Lifetime.StopApplication();
            var code = ExitCodes.For(exception);
            var hint = exception is IOException { InnerException: AddressInUseException } ? " Another program listens there, perhaps another hub: name another address with --urls." : "";
            await Console.Error.WriteLineAsync($"The hub cannot {(code == ExitCodes.InternalError ? "go on. " + exception : "start. " + exception.Message + hint)}");
            return code;
        }
        finally
        {
            if (app is not null)
                await app.DisposeAsync();
        }
    }

    private static async Task StartAsync(WebApplication app)
    {
        // The host listens for signals once it has started. Until then they would end the process on the spot, and a plugin in the middle of its start would be blamed for it.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, Stop);
        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            app.Lifetime.StopApplication();
        }

        var stopping = app.Lifetime.ApplicationStopping;
        await app.Services.GetRequiredService<HubStartup>().RunAsync(stopping);
        stopping.Register(app.Services.GetRequiredService<HubHealth>().MarkStopping);
        await app.StartAsync(stopping);
    }
}

/// <summary>What the process tells the service manager when it ends (sysexits.h).</summary>
internal static class ExitCodes
{
    public const int Success = 0;

    /// <summary>EX_SOFTWARE: a fault of the hub.</summary>
    public const int InternalError = 70;

    /// <summary>EX_TEMPFAIL: such as a port that is taken. Starting again may help.</summary>
    public const int TemporaryFailure = 75;

    /// <summary>EX_CONFIG: starting again will not help.</summary>
    public const int ConfigurationError = 78;

    public static int For(Exception exception) => exception switch
    {
        StorageException or MasterKeyException or OptionsValidationException => ConfigurationError,

        // What the configuration's binder and the server's reading of addresses throw have no types of their own.
        InvalidOperationException { Source: "Microsoft.Extensions.Configuration.Binder" } or InvalidDataException or FormatException => ConfigurationError,
        IOException => TemporaryFailure,
        _ => InternalError,
    };
}
