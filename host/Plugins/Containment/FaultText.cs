using System.Diagnostics;
using System.Net.Sockets;

namespace IntegrationHub.Host.Plugins;

/// <summary>Puts a plugin's exception into words. Runs none of the exception's own code but <see cref="Exception.InnerException"/>, which is not virtual.</summary>
internal static class FaultText
{
    private const int MaxStack = 8 * 1024;

    public static PluginFault Of(Exception exception, FaultKind kind, string place) =>
        new(IsNetwork(exception) && kind == FaultKind.Exception ? FaultKind.Network : kind, place, $"threw {TypeOf(exception)}", StackOf(exception));

    public static string TypeOf(Exception exception) => exception.InnerException is { } inner && exception is AggregateException or System.Reflection.TargetInvocationException or TypeInitializationException
        ? $"{exception.GetType().FullName} ({exception.InnerException!.GetType().FullName})"
        : exception.GetType().FullName!;

    /// <summary>Whether it only says that a provider cannot be reached, or is slow.</summary>
    public static bool IsNetwork(Exception exception) =>
        exception is HttpRequestException or SocketException or TimeoutException or OperationCanceledException || (exception is IOException && exception.InnerException is SocketException);

    // Not exception.StackTrace, which a plugin's type may override.
    public static string StackOf(Exception exception)
    {
        var stack = new StackTrace(exception, fNeedFileInfo: false).ToString();
        if (exception.InnerException is { } inner)
            stack += $"caused by {inner.GetType().FullName}\n{new StackTrace(inner, fNeedFileInfo: false)}";

        return stack.Length <= MaxStack ? stack : stack[..MaxStack] + "…";
    }
}
